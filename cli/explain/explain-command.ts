import type { Micros } from '../../engine/core/index.ts';
import { explanationText } from '../../engine/master/index.ts';
import { Quantities, resourceErrorText } from '../../engine/resources/index.ts';
import type { SimulationExplainError, SimulationExplanation } from '../../drivers/sim/index.ts';
import { makeProgress } from '../progress.ts';
import { clockText, parseCount } from '../quantity-arguments.ts';
import { makeSimulation, prepareRun } from '../simulate/prepared-run.ts';
import { replay } from '../simulate/replay.ts';
import { type RawSimulateOptions, readSimulateOptions, someTime } from '../simulate/simulate-options.ts';
import { EXIT_OK, UsageError } from '../usage-error.ts';
import { explanationJson } from './explanation-json.ts';

/** Options of `orrery explain` as commander hands them over. */
export interface RawExplainOptions extends Omit<RawSimulateOptions, 'until' | 'taskTable'> {
  readonly at: string;
  readonly role: string;
  readonly framework: string;
  readonly demand?: string;
}

/** `orrery explain`: runs to the instant, writes no files, and prints the explanation. @returns exit code */
export async function explainCommand(raw: RawExplainOptions, out: (line: string) => void): Promise<number> {
  const at = someTime('--at', raw.at);
  const options = { ...readSimulateOptions({ ...raw, taskTable: false }), until: at };
  const index = parseCount('--framework', raw.framework, 1, 10_000) - 1;
  const demand = raw.demand === undefined ? null : parseDemand(raw.demand);
  const run = await prepareRun(options, '--at');
  const simulation = makeSimulation(options, run, {
    sampleInterval: null,
    observer: null,
    checkInvariants: options.check ? 'every-step' : 'never',
  });
  const progress = makeProgress(options.json ? 'none' : 'auto', options.trace);
  try {
    await replay(simulation, run.trace, options.until, (now, events) => {
      progress.update(now, run.end, events);
      return false;
    });
  } finally {
    progress.stop();
  }
  const now = simulation.now();
  const explained = simulation.explain(raw.role, index, demand);
  if (!explained.ok) throw new UsageError(refusalText(explained.error, raw, now));
  if (options.json) {
    out(JSON.stringify(explanationJson(explained.value, now)));
    return EXIT_OK;
  }
  for (const line of preface(explained.value, now, at)) out(line);
  const names = { framework: explained.value.nameOf };
  for (const line of explanationText(explained.value.why, names)) out(line);
  return EXIT_OK;
}

function parseDemand(text: string): Quantities {
  const parsed = Quantities.parse(text);
  if (!parsed.ok) throw new UsageError(`--demand ${text}: ${resourceErrorText(parsed.error)}`);
  return parsed.value;
}

/** Where the framework stands. */
function preface(
  { framework, head, tasksQueued, offersHeld }: SimulationExplanation,
  now: Micros,
  asked: Micros,
): readonly string[] {
  const lines = [`at ${clockText(now)}${now < asked ? ', when the last job had ended' : ''}`];
  if (head === null) {
    lines.push(`framework ${framework} waits for nothing, and holds ${offersHeld} offers`);
  } else {
    const gang = head.gang ? `, a gang of which ${head.tasks} wait` : '';
    const where = head.constraints
      .map(({ attribute, operator, values }) => ` where ${attribute} ${operator} ${values.join('|')}`)
      .join(' and');
    lines.push(
      `framework ${framework} has ${tasksQueued} tasks waiting, and holds ${offersHeld} offers`,
      `first in its queue: a task of job ${head.job} (${head.resources.toString()}${where}${gang})`,
    );
  }
  return [...lines, ''];
}

function refusalText(error: SimulationExplainError, raw: RawExplainOptions, now: Micros): string {
  switch (error.code) {
    case 'ROLE_UNKNOWN':
      return `--role ${raw.role}: no job has this role; there are ${error.roles.join(', ')}`;
    case 'NO_SUCH_FRAMEWORK':
      return `--framework ${raw.framework}: the role has ${error.frameworks}; --frameworks-per-role makes more`;
    case 'NOT_LEADING':
      return `--at ${raw.at}: no master leads at ${clockText(now)}; give another instant`;
    case 'NEVER_SUBSCRIBED':
    case 'FRAMEWORK_UNKNOWN':
      return `--at ${raw.at}: the framework has not subscribed with the master that leads at ${clockText(now)}; give another instant`;
    case 'ALLOCATOR_SILENT':
      return `--allocator ${raw.allocator}: this policy cannot explain itself`;
  }
}
