import { pino } from 'pino';
import { hierarchicalDrf } from '../../allocators/hierarchical-drf/index.ts';
import {
  allocatorOptionsOf,
  journalOptionsOf,
  MASTER_FLAGS,
  masterOptionsOf,
  parseFlags,
} from '../../drivers/linux/index.ts';
import { SERVICE_MASTER_OPTIONS } from '../../engine/master/index.ts';

/** What a master of a benchmark is started with: `orrery master`'s flags are the arguments of its process. */
export function masterSetup() {
  const { values, shown } = parseFlags(MASTER_FLAGS, {
    args: process.argv.slice(2),
    env: {},
    readFile: () => '',
  });
  return {
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
    flags: shown,
    log: pino({ level: 'silent' }),
  } as const;
}
