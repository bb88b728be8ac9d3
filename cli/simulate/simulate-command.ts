import { join } from 'node:path';
import { printSummary, type WrittenRun } from '../../reports/index.ts';
import { makeProgress } from '../progress.ts';
import { EXIT_INTERRUPTED, EXIT_OK } from '../usage-error.ts';
import { readVersion } from '../version.ts';
import { runSimulation } from './run-simulation.ts';
import { type RawSimulateOptions, readSimulateOptions } from './simulate-options.ts';

/** `orrery simulate`. @returns exit code */
export async function simulateCommand(raw: RawSimulateOptions, args: readonly string[]): Promise<number> {
  const options = readSimulateOptions(raw);
  const interrupt = watchInterrupt();
  try {
    const written = await runSimulation(options, {
      version: readVersion(),
      command: commandLine(args),
      makeProgress: (title) => makeProgress(options.json ? 'none' : 'auto', title),
      isInterrupted: () => interrupt.asked,
    });
    print(written, options.json);
    return written.summary.partial ? EXIT_INTERRUPTED : EXIT_OK;
  } finally {
    interrupt.stop();
  }
}

/** The first Ctrl-C ends the run in order; a second one ends the process at once, as usual. */
function watchInterrupt(): { readonly asked: boolean; stop(): void } {
  const state = { asked: false, stop() {} };
  const onSignal = () => {
    state.asked = true;
    process.stderr.write('\nending: what has been simulated so far is written as a partial result\n');
    state.stop();
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  state.stop = () => {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  };
  return state;
}

function print(written: WrittenRun, json: boolean): void {
  const { summary, folder } = written;
  const report = join(folder, 'report.html');
  if (json) {
    const { counts, hash, seed, partial, virtual, timing, wait, slowdown, comparison } = summary;
    process.stdout.write(
      `${JSON.stringify({ hash, seed, partial, folder, report, counts, virtual, wait, slowdown, comparison, timing })}\n`,
    );
    return;
  }
  for (const line of printSummary(summary)) process.stdout.write(`${line}\n`);
  process.stdout.write(`\nrun hash  ${summary.hash}\nresults   ${folder}\nreport    ${report}\n`);
}

/** Quotes what a shell would take apart. */
function commandLine(args: readonly string[]): string {
  const quoted = args.map((arg) =>
    /^[\w.,:=/@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`,
  );
  return ['npx orrery', ...quoted].join(' ');
}
