import { type Command, Option } from 'commander';
import type { RawReplayOptions } from './replay-command.ts';

function collect(value: string, list: string[]): string[] {
  return [...list, value];
}

/** `orrery replay`. */
export function addReplay(program: Command, exit: (code: number) => void): void {
  program
    .command('replay <journal>')
    .description(
      'Take a recorded master through its journal again, compare what it decides with what it decided, and go on from there with a change.',
    )
    .option('--until <duration>', 'end before what happened later than this after the first record')
    .option('--timeline', 'print every decision, a line each, with its instant')
    .option('--decisions <file>', 'write the decision trace to a new file')
    .option('--export <dir>', 'write what ran, from --at on, as a trace for `orrery simulate`')
    .option(
      '--at <duration>',
      'the instant a change is made at, after the first record (default: the first that is there)',
    )
    .option('--out <dir>', 'folder for the results of a what-if (default orrery-out/replay)')
    .option('--force', 'replace earlier results there')
    .option('--allocator <name|file>', 'what if: another allocation policy')
    .option('--timing <name>', 'what if: another timing, event or mesos')
    .option('--quota <role=amounts>', 'what if: another quota; may be repeated', collect, [])
    .option('--weight <role=weight>', 'what if: another weight; may be repeated', collect, [])
    .option('--add-agents <groups>', "what if: more agents, such as '10xcpus:16;mem:65536'")
    .option('--seed <text>', 'of the what-if', '1')
    .option(
      '--compact <segment>',
      'write the snapshot that stands for all before this segment, and nothing else',
    )
    .option('--json', 'one JSON line instead of text')
    .addOption(new Option('--until-stdin-closes').hideHelp())
    .action(async (journal: string, raw: RawReplayOptions) => {
      // Loaded when it is wanted: it brings the production driver with it.
      const { replayCommand } = await import('./replay-command.ts');
      exit(await replayCommand(journal, raw));
    });
}
