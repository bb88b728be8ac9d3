import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { hierarchicalDrf } from '../../allocators/hierarchical-drf/index.ts';
import {
  allocatorOptionsOf,
  journalOptionsOf,
  MASTER_FLAGS,
  masterOptionsOf,
  parseFlags,
  type RunningMaster,
  startMasterDaemon,
} from '../../drivers/linux/index.ts';
import { SERVICE_MASTER_OPTIONS } from '../../engine/master/index.ts';
import { cpuMicros, LoopPauses } from './loop-pauses.ts';
import type { MasterAnswer, MasterQuestion } from './master-process.ts';

/** The master of a benchmark as a process of its own: `orrery master`'s flags are its arguments; the parent asks by IPC how it fares. */

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const { values, shown } = parseFlags(MASTER_FLAGS, {
  args: process.argv.slice(2),
  env: {},
  readFile: () => '',
});
const master = await startMasterDaemon({
  workDir: values.work_dir!,
  registry: values.registry === 'in_memory' ? 'in_memory' : 'level',
  host: values.ip,
  port: values.port,
  master: { ...masterOptionsOf(values), address: SERVICE_MASTER_OPTIONS.address },
  allocator: hierarchicalDrf,
  allocatorName: 'hierarchical-drf',
  allocatorOptions: allocatorOptionsOf(values),
  journal: journalOptionsOf(values),
  program: SERVICE_MASTER_OPTIONS.address.version,
  compactor: null,
  decisions: null,
  flags: shown,
  log: pino({ level: 'silent' }),
});
void master.ended.then((reason) => {
  process.stderr.write(`bench: the master ended: ${reason}\n`);
  process.exit(1);
});
/** Between two looks whether the master leads. */
const ELECTION_LOOK_MILLIS = 5;

const pauses = new LoopPauses();

process.on('message', ({ id, what }: MasterQuestion) => {
  if (what === 'stop') {
    void master.close().then(() => process.exit(0));
    return;
  }
  if (what === 'memory') collect();
  process.send!(answer(id, master));
});
process.on('disconnect', () => process.exit(1));
// Until it is elected it answers 503.
while (!master.loop.machine.state.leading) await sleep(ELECTION_LOOK_MILLIS);
process.send!(answer(0, master));

function answer(id: number, { port, loop }: RunningMaster): MasterAnswer {
  const { state } = loop.machine;
  let tasks = 0;
  for (const { tasks: own } of state.frameworksById.values()) tasks += own.size;
  const memory = process.memoryUsage();
  return {
    id,
    port,
    cpuMicros: cpuMicros(),
    rssBytes: memory.rss,
    heapBytes: memory.heapUsed + memory.external,
    pauses: pauses.take(),
    agents: state.agentsById.size,
    tasks,
  };
}
