import type { Command } from 'commander';

/** `orrery master`: its flags are those of Mesos, which it reads by itself. */
export function addDaemons(program: Command, exit: (code: number) => void): void {
  program
    .command('master')
    .description('Run a master (--help lists its flags).')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[flags...]')
    .action(async (_flags: string[], _options: unknown, command: Command) => {
      const { masterCommand } = await import('./master-command.ts');
      exit(await masterCommand(command.args));
    });
}
