import type { Command } from 'commander';
import type { RawLocalOptions } from './local-command.ts';

/** `orrery local`. */
export function addLocal(program: Command, exit: (code: number) => void): void {
  program
    .command('local')
    .description('A master and agents on this machine, until Ctrl-C: for a laptop, for trying things out.')
    .option('--agents <count>', 'agents, each a process', '1')
    .option('--port <port>', "the master's port; 0 for any free one", '5050')
    .option('--work-dir <dir>', 'where everything is kept (default: a temporary folder, removed at the end)')
    .option('--runtime <name>', 'process, or docker', 'process')
    .option(
      '--resources <amounts>',
      "of each agent, such as 'cpus:2;mem:2048' (default: this machine's, shared out)",
    )
    .option('--json', 'one JSON line when it is ready')
    .action(async (raw: RawLocalOptions) => {
      const { localCommand } = await import('./local-command.ts');
      exit(await localCommand(raw));
    });
}
