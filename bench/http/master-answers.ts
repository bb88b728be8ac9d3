import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RunningMaster } from '../../drivers/linux/index.ts';
import { cpuMicros, LoopPauses } from './loop-pauses.ts';
import type { MasterAnswer, MasterQuestion } from './master-process.ts';

/** Between two looks whether the master leads. */
const ELECTION_LOOK_MILLIS = 5;

export interface MasterOrders {
  /** Null if its recorder cannot be switched. */
  readonly switchRecording: ((on: boolean) => Promise<void>) | null;
  stop(): Promise<void>;
}

/** Tells the parent process by IPC, once the master leads and whenever it asks, how the master of this process fares. */
export async function answerQuestions(master: RunningMaster, orders: MasterOrders): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pauses = new LoopPauses();
  void master.ended.then((reason) => {
    process.stderr.write(`bench: the master ended: ${reason}\n`);
    process.exit(1);
  });
  process.on('message', (question: MasterQuestion) => {
    void take(question);
  });
  process.on('disconnect', () => process.exit(1));
  // Until it is elected it answers 503.
  while (!master.loop.machine.state.leading) await sleep(ELECTION_LOOK_MILLIS);
  process.send!(answer(0, master, pauses));

  async function take({ id, what }: MasterQuestion): Promise<void> {
    if (what === 'stop') {
      await orders.stop();
      process.exit(0);
    }
    if (what === 'memory') collect();
    if (what === 'record' || what === 'rest') await orders.switchRecording!(what === 'record');
    process.send!(answer(id, master, pauses));
  }
}

function answer(id: number, { port, loop }: RunningMaster, pauses: LoopPauses): MasterAnswer {
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
