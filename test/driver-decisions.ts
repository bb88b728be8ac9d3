import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';

/**
 * Whether `drivers/linux` decides anything, by its text (DESIGN.md: "no second implementation of engine logic in a driver"): it may neither
 * reach into an allocator, nor know what task states mean, nor do sums over resources, nor give orders of its own. What it may is listed here, with
 * the reason. The linter refuses the imports as well (`.oxlintrc.json`).
 */
export interface Decision {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

const HOME = 'drivers/linux/';
/** Tests, what tests share, and what is generated. */
const NOT_THE_DRIVER =
  /\.test\.ts$|\/generated\/|\/testing\/|\/(test-[a-z]+|real-[a-z-]+-world|[a-z-]+-contract|recorded-history|journal-history)\.ts$/;

/** What may be taken from an allocator: the factory that a machine is made with. */
const FACTORIES: readonly string[] = ['hierarchicalDrf'];

const STATES =
  'STAGING|STARTING|RUNNING|KILLING|FINISHED|FAILED|KILLED|ERROR|LOST|DROPPED|UNREACHABLE|GONE|GONE_BY_OPERATOR|UNKNOWN';
/** Files in which task states may be named, and why. Even there none is compared, written or branched on. */
const NAMES_STATES: readonly (readonly [place: string, why: string])[] = [
  ['codec/', 'reads and writes them'],
  [
    'master/task-tallies.ts',
    'a list: the columns of /roles and /frameworks, counted by the states that records have',
  ],
  ['agent/agent-metrics.ts', 'a table: the names of gauges'],
];
/** Comparisons that refuse a message. */
const COMPARES_STATES: readonly string[] = ['codec/executor-call.ts'];

const ARITHMETIC = 'plus|minus|contains|allocatableTo|pushReservation|popReservation|allocate|unallocate';
/** Files that may add or divide resources, and why. */
const ADDS_RESOURCES: readonly (readonly [file: string, why: string])[] = [
  ['agent/container-plan.ts', 'the limit of a container: what its order says, overhead included'],
  ['agent/resource-detection.ts', 'what the machine has, beside what it was told'],
  ['master/endpoint-records.ts', 'a column of /state that is the sum of two others'],
];

/** Orders that only machines give. */
const ORDERS =
  'toAgent|toMaster|persist|abdicate|pingAgents|answerCall|reconnect|launchContainer|signalContainer|updateContainer|executorEvent|refuseExecutorCall|probe|removeSandbox';

const IMPORT = /import\s+(type\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/g;
const LITERAL = new RegExp(`'TASK_(?:${STATES})'`, 'g');
const COMPARED = new RegExp(
  `(?:[!=]==?|\\bcase)\\s*'TASK_(?:${STATES})'|'TASK_(?:${STATES})'\\s*[!=]==?|\\.(?:includes|has)\\(\\s*'TASK_(?:${STATES})'`,
  'g',
);
const WRITTEN = new RegExp(
  `\\b(?:state|status)\\s*(?:[:=]|\\?\\?=)\\s*'TASK_(?:${STATES})'|\\breturn\\s+'TASK_(?:${STATES})'|[?:]\\s*'TASK_(?:${STATES})'\\s*[:;,)]`,
  'g',
);
const CALCULATED = new RegExp(
  `\\b(\\w*[rR]esources|total|held|offered|used|free|allocated)\\.(?:${ARITHMETIC})\\(`,
  'g',
);
const ORDERED = new RegExp(
  `(?<!readonly |Extract<\\w+, \\{ |Exclude<\\w+, \\{ )\\bkind: '(?:${ORDERS})'`,
  'g',
);
const SHARES = /\b(?:dominantShare|fairShare|weightedShare)\w*/gi;
const INSIDE_ALLOCATOR = /\.allocator\.(?!metrics\(\)|name\b|factory\b|kind\b)\w+/g;

/** What a file of the driver decides. `file` is relative to the root, with `/`. */
export function decisionsOf(file: string, source: string): Decision[] {
  if (!file.startsWith(HOME) || NOT_THE_DRIVER.test(file)) return [];
  // Comments may say what they like.
  const text = source.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, (comment) => comment.replace(/[^\n]/g, ' '));
  const place = file.slice(HOME.length);
  const found: Decision[] = [];
  const refuse = (at: number, why: string): void => {
    found.push({ file, line: text.slice(0, at).split('\n').length, why });
  };
  const refuseAll = (pattern: RegExp, why: string): void => {
    for (const match of text.matchAll(pattern)) refuse(match.index, `${match[0].trim()}: ${why}`);
  };
  for (const match of text.matchAll(IMPORT)) imports(file, match, (why) => refuse(match.index, why));
  if (!NAMES_STATES.some(([allowed]) => place.startsWith(allowed)))
    refuseAll(LITERAL, 'what a task’s state means is the machines’ to know');
  if (!COMPARES_STATES.includes(place)) refuseAll(COMPARED, 'no task’s state is compared in a driver');
  refuseAll(WRITTEN, 'no task’s state is written in a driver');
  if (!ADDS_RESOURCES.some(([allowed]) => place === allowed))
    refuseAll(CALCULATED, 'resources are added and divided by machines');
  refuseAll(ORDERED, 'orders are given by machines');
  refuseAll(SHARES, 'shares are an allocator’s');
  refuseAll(INSIDE_ALLOCATOR, 'of an allocator the driver sees its metrics');
  return found;
}

function imports(file: string, match: RegExpMatchArray, refuse: (why: string) => void): void {
  const [, isType, names = '', from = ''] = match;
  if (!from.startsWith('.')) return;
  const target = normalize(join(dirname(file), from))
    .split(sep)
    .join('/');
  const values = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && isType === undefined && !name.startsWith('type '));
  if (/^(engine|allocators|frameworks)\//.test(target) && !target.endsWith('/index.ts'))
    refuse(`${target}: of other parts a driver sees what their index lists`);
  if (target.startsWith('allocators/')) {
    for (const name of values)
      if (!FACTORIES.includes(name)) refuse(`${name}: of an allocator a driver takes the factory alone`);
  }
  if (target.startsWith('engine/') && values.includes('isTerminal'))
    refuse('isTerminal: what a task’s state means is the machines’ to know');
}

/** Every decision in the production driver below `root`. */
export function decisionsIn(root: string): Decision[] {
  const found: Decision[] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (name.endsWith('.ts'))
        found.push(...decisionsOf(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')));
    }
  };
  walk(join(root, HOME));
  return found;
}
