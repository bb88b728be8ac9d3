import { Command, CommanderError, Option } from 'commander';
import { InvariantError } from '../engine/core/index.ts';
import { PolicyError } from '../allocators/contract/index.ts';
import { renderReport, reportErrorText } from '../reports/index.ts';
import { DEFAULT_READ_OPTIONS, type ReadOptions, TraceError } from '../traces/index.ts';
import { agentCommand } from './agent/agent-command.ts';
import { policyErrorText } from './allocator-argument.ts';
import { runConformanceCommand } from './conformance.ts';
import { huntCommand, type RawHuntOptions } from './hunt/hunt-command.ts';
import { explainCommand, type RawExplainOptions } from './explain/explain-command.ts';
import { parseCount, parsePairs } from './quantity-arguments.ts';
import { addClusterCommands } from './cluster/add-cluster-commands.ts';
import { ClusterError } from './cluster/cluster-error.ts';
import { addLocal } from './local/add-local.ts';
import { addDaemons } from './daemons/add-daemons.ts';
import { addReplay } from './replay/add-replay.ts';
import { simulateCommand } from './simulate/simulate-command.ts';
import type { RawSimulateOptions } from './simulate/simulate-options.ts';
import { tracesConvert, tracesInspect, tracesList } from './traces-command.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from './usage-error.ts';
import { readVersion } from './version.ts';

const out = (line: string) => {
  process.stdout.write(`${line}\n`);
};
const err = (line: string) => {
  process.stderr.write(`${line}\n`);
};

/** Runs one command line. @returns the exit code: 0 done, 1 a check failed, 2 bad input, 130 interrupted */
export async function main(args: readonly string[]): Promise<number> {
  let code = EXIT_OK;
  const program = makeProgram(args, (value) => {
    code = value;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return reported(error);
  }
}

/** Tells the user; the exit code. */
function reported(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  if (error instanceof UsageError || error instanceof TraceError) {
    err(`orrery: ${error.message}`);
    return EXIT_USAGE;
  }
  if (error instanceof ClusterError) {
    err(`orrery: ${error.message}`);
    return EXIT_FAILED;
  }
  if (error instanceof PolicyError) {
    err(`orrery: ${policyErrorText(error)}`);
    return EXIT_FAILED;
  }
  if (error instanceof InvariantError) {
    err(
      `orrery: a promise of the program itself was broken: ${error.message}\nThe same command and seed repeat it.`,
    );
  }
  err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT_FAILED;
}

/** Commander's message as one line like all others; it may bring a suggestion on a line of its own. */
function oneLine(text: string): string {
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `orrery: ${message} (--help lists the options)\n`;
}

function makeProgram(args: readonly string[], exit: (code: number) => void): Command {
  const program = new Command('orrery')
    .description('A datacenter kernel of the Apache Mesos class, built simulation-first.')
    .version(readVersion())
    // What follows a command is that command's, in its order.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.stdout.write(text),
      writeErr: (text) => process.stderr.write(text),
      outputError: (text, write) => {
        write(oneLine(text));
      },
    });
  addSimulate(program, args, exit);
  addExplain(program, exit);
  addDemo(program, exit);
  addTraces(program);
  addConformance(program, exit);
  addHunt(program, exit);
  addReport(program);
  addReplay(program, exit);
  addDaemons(program, exit);
  addLocal(program, exit);
  addClusterCommands(program, exit);
  addAgent(program, args, exit);
  return program;
}

function collect(value: string, list: string[]): string[] {
  return [...list, value];
}

/** The options that decide what happens in a run. */
function addRunOptions(command: Command): Command {
  return command
    .requiredOption(
      '--trace <name|path>',
      'a bundled sample, a generator (see `orrery traces list`), or files',
    )
    .option('--format <name>', 'format of the files, where it cannot be told from them')
    .option(
      '--cluster <groups>',
      "machines instead of the trace's own, such as '100xcpus:16;mem:65536;gpus:8'",
    )
    .option(
      '--allocator <name|file>',
      'allocation policy: hierarchical-drf, or a module of your own such as ./my-policy.mjs',
      'hierarchical-drf',
    )
    .option(
      '--timing <name>',
      'when what comes back is offered again: event, within milliseconds, or mesos, each second',
      'event',
    )
    .option('--role-sorter <name>', 'order of roles: drf, by need, or random, by weight', 'drf')
    .option('--framework-sorter <name>', 'order of the frameworks of a role: drf or random', 'drf')
    .option('--seed <text>', 'decides everything that is drawn', '1')
    .addOption(
      new Option('--faults [level]', 'off, light, on, heavy, or rates per hour: agentCrash=2,masterCrash=0.5')
        .default('off')
        .preset('on'),
    )
    .option(
      '--policy <name>',
      'what frameworks do with unneeded offers: keep, decline, suppress, demand',
      'suppress',
    )
    .option('--refuse-seconds <seconds>', 'filter of a declined offer', '5')
    .option('--offer-timeout <duration>', 'rescind offers that nobody answers for so long, or off', '5m')
    .option(
      '--remainders-at-once',
      'offer what an ACCEPT leaves within milliseconds, as `orrery master` does',
    )
    .option('--frameworks-per-role <count>', 'frameworks that share the jobs of a role', '1')
    .option('--attempts <count>', 'attempts at a task that is lost or fails', '10')
    .option('--backfill <count>', 'jobs behind a blocked one that are tried', '0')
    .option('--weight <role=weight>', 'weight of a role; may be repeated', collect, [])
    .option(
      '--quota <role=amounts>',
      "quota of a top-level role, such as 'a=cpus:100' or 'a=guarantee:cpus:50|limit:cpus:100'; may be repeated",
      collect,
      [],
    )
    .option('--force-quota', 'let guarantees add up to more than the machines have')
    .option('--assume <name=value>', 'something the trace does not say; may be repeated', collect, [])
    .option('--time-scale <factor>', 'stretches arrivals; 0.5 doubles the load', '1')
    .option('--from <duration>', 'leave out what arrives before this instant of the trace')
    .option('--window <duration>', 'replay this much of the trace')
    .option('--max-jobs <count>', 'replay the first so many jobs')
    .option('--strict', 'refuse a trace with a bad row (the default)')
    .option('--skip-bad-rows', 'leave bad rows out and count them in the report')
    .option('--check', 'check every invariant after every step (slow)');
}

function addSimulate(program: Command, args: readonly string[], exit: (code: number) => void): void {
  const command = program
    .command('simulate')
    .description(
      'Replay a trace, or a generated workload, through the real master, agents and allocator in virtual time.',
    );
  addRunOptions(command)
    .option('--until <duration>', 'end the run at this virtual instant, such as 12h')
    .option('--compare-timing', 'run with the other timing, too, and set the waits of both side by side')
    .option('--out <dir>', 'result folder (default orrery-out/TRACE-SEED)')
    .option('--force', 'replace an earlier result in that folder')
    .option(
      '--sample-interval <duration>',
      'between two rows of the time series (default: a thousandth of the run)',
    )
    .option('--no-task-table', 'write no tasks.csv')
    .option('--json', 'one JSON line instead of text; the run hash is `hash`')
    .action(async (raw: RawSimulateOptions) => {
      exit(await simulateCommand(raw, args));
    });
}

function addExplain(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('explain')
    .description(
      'Run a simulation to an instant and say why a role gets the offers that it gets there, or none, and what would help.',
    );
  addRunOptions(command)
    .requiredOption('--at <duration>', 'the virtual instant, such as 3h')
    .requiredOption('--role <name>', 'the role whose offers are explained')
    .option('--framework <number>', 'which of its frameworks, from 1', '1')
    .option(
      '--demand <resources>',
      "what one agent must have free, such as 'cpus:4;gpus:2' (default: what the first task in the queue needs)",
    )
    .option('--json', 'one JSON line instead of text')
    .action(async (raw: RawExplainOptions) => {
      exit(await explainCommand(raw, out));
    });
}

/** `npm start`: the main job with nothing to choose. */
const DEMO = [
  'simulate',
  '--trace',
  'philly-2017',
  '--from',
  '35d',
  '--window',
  '14d',
  '--until',
  '14d',
  '--assume',
  'machines=88',
  '--seed',
  '1',
  '--faults',
  'on',
  '--out',
  'orrery-out/demo',
  '--force',
];

/** Its flags are Mesos's, with a grammar of their own (spec 17). */
function addAgent(program: Command, args: readonly string[], exit: (code: number) => void): void {
  program
    .command('agent')
    .description('Run an agent: offers the resources of this machine to a master, and runs tasks.')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => {
      exit(await agentCommand(args.slice(args.indexOf('agent') + 1), out));
    });
}

function addDemo(program: Command, exit: (code: number) => void): void {
  program
    .command('demo')
    .description(
      'Replay two weeks of a bundled real trace with faults, and write a report (what `npm start` does).',
    )
    .action(async () => {
      out(`npx orrery ${DEMO.join(' ')}\n`);
      exit(await main(DEMO));
    });
}

function readOptionsOf(options: {
  format?: string;
  assume: readonly string[];
  skipBadRows?: boolean;
  strict?: boolean;
  maxJobs?: string;
}): ReadOptions {
  if (options.strict === true && options.skipBadRows === true) {
    throw new UsageError('--strict and --skip-bad-rows contradict each other: give one of them');
  }
  return {
    ...DEFAULT_READ_OPTIONS,
    format: options.format ?? null,
    assumptions: parsePairs('--assume', options.assume),
    strictness: options.skipBadRows === true ? 'skip-bad-rows' : 'strict',
    maxJobs: options.maxJobs === undefined ? null : parseCount('--max-jobs', options.maxJobs, 1),
  };
}

function addTraces(program: Command): void {
  const traces = program.command('traces').description('List, inspect, validate and convert traces.');
  traces
    .command('list')
    .description('Bundled samples, generators and formats, with the assumptions that each takes.')
    .option('--json', 'JSON instead of text')
    .action((options: { json?: boolean }) => {
      tracesList(options.json === true, out);
    });
  for (const name of ['inspect', 'validate'] as const) {
    traces
      .command(`${name} <trace>`)
      .description(
        name === 'inspect'
          ? 'Read a whole trace and sum it up.'
          : 'Read a whole trace and say whether it is well formed.',
      )
      .option('--format <name>', 'format of the files')
      .option('--assume <name=value>', 'something the trace does not say; may be repeated', collect, [])
      .option('--max-jobs <count>', 'read the first so many jobs')
      .option('--strict', 'end at the first bad row (the default)')
      .option('--skip-bad-rows', 'leave bad rows out and count them')
      .option('--json', 'JSON instead of text')
      .action(async (trace: string, options: { assume: string[]; json?: boolean }) => {
        await tracesInspect(trace, readOptionsOf(options), name, options.json === true, out);
      });
  }
  traces
    .command('convert <trace>')
    .description('Write a trace in another format: orrery-csv (a folder) or swf (a file).')
    .requiredOption('--to <format>', 'orrery-csv or swf')
    .requiredOption('--out <path>', 'folder or file to make')
    .option('--format <name>', 'format of the files read')
    .option('--assume <name=value>', 'something the trace does not say; may be repeated', collect, [])
    .option('--max-jobs <count>', 'convert the first so many jobs')
    .option('--strict', 'refuse a bad row (the default)')
    .option('--skip-bad-rows', 'leave bad rows out')
    .option('--json', 'JSON instead of text')
    .action(async (trace: string, options: { to: string; out: string; assume: string[]; json?: boolean }) => {
      await tracesConvert(trace, options.to, options.out, readOptionsOf(options), options.json === true, out);
    });
}

function addConformance(program: Command, exit: (code: number) => void): void {
  program
    .command('conformance <paths...>')
    .description('Run conformance scenarios: files, or folders of them. Exit code 1 if one does not pass.')
    .option('--seeds <count>', 'visiting orders of agents to run each allocator scenario under', '3')
    .option('--scenario <name>', 'run this one only, as NAME or AREA/NAME; may be repeated', collect, [])
    .option('--json', 'a JSON line per scenario and one for the summary')
    .action(async (paths: string[], options: { seeds: string; scenario: string[]; json?: boolean }) => {
      const seeds = parseCount('--seeds', options.seeds, 1, 10_000);
      const io = { out, err: (line: string) => err(`orrery: ${line}`) };
      const { scenario: names, json } = options;
      exit(await runConformanceCommand(paths, io, { json: json === true, seeds, names }));
    });
}

function addReport(program: Command): void {
  program
    .command('report <dir>')
    .description('Make report.html anew from the files of a result folder.')
    .action((dir: string) => {
      const rendered = renderReport(dir);
      if (!rendered.ok) throw new UsageError(reportErrorText(rendered.error));
      out(`report    ${dir}/report.html`);
    });
}

function addHunt(program: Command, exit: (code: number) => void): void {
  program
    .command('hunt')
    .description(
      'Look for a history of calls and faults that breaks a promise: whole clusters, drawn from seeds. Exit code 1 if one does.',
    )
    .option(
      '--minutes <count>',
      'hunt for so long, from --seed on, until something breaks (1 without --runs)',
    )
    .option('--runs <count>', 'run so many seeds, and all of them')
    .option('--seed <number>', 'the first seed; alone: this one only')
    .option('--workers <count>', 'processes; as many as there are processors otherwise')
    .option('--keep <faults>', 'of the faults planned for the seed only these strike: their numbers, or none')
    .option('--frameworks <numbers>', 'only these frameworks take part, or none')
    .option('--machines <count>', 'only the first so many machines take part')
    .option('--horizon <seconds>', 'faults and wildness end then')
    .option('--timeline', 'print what happened, up to the failure')
    .option('--no-shrink', 'do not look for the shortest history that fails')
    .option('--mutation <id>', 'with this bug of the ledger in the engine (docs/bug-ledger.md)')
    .option('--ledger', 'with each of them in turn, until it is found')
    .option(
      '--cpu-minutes <count>',
      'with --mutation or --ledger: give a bug up after so much processor time (10)',
    )
    .option('--markdown', 'with --ledger: the table as Markdown')
    .option('--json', 'JSON instead of text')
    .action(async (options: RawHuntOptions) => {
      exit(await huntCommand(options, { out, err, progress: progressLine }));
    });
}

/** Overwrites the line before it; only on a terminal. */
function progressLine(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K`);
}
