#!/usr/bin/env node
// Changes one module in small ways and reports which changes its tests do not notice: `npm run mutation -- --help`.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Usage: node bin/mutation-testing.mjs FILE [options]

Makes mutants of one TypeScript module, each by one small change of its text, and runs the module's tests on each in a copy
of the tree. A mutant is killed if a test fails or the time limit passes; one that survives is a change that no test notices.

  --tests PATTERN  test files whose path contains it, may be repeated (default: the test beside FILE)
  --limit N        the first N mutants only
  --workers N      runs of tests side by side (default 2)
  --json           the result as JSON
  --help

Exits with 0 whatever survives, 1 if the tests fail on the unchanged module, 2 for bad input. ORRERY_RUNS sets the runs of
each property (default 50).
`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function refuse(message) {
  console.error(`mutation-testing: ${message}`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        tests: { type: 'string', multiple: true },
        limit: { type: 'string' },
        workers: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse(error.message.split('\n')[0]);
  }
}

function positive(option, text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) refuse(`--${option} wants a whole number from 1, not '${text}'`);
  return Number(text);
}

/** Test files of the checkout whose path contains `pattern`. */
function testsLike(pattern) {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$|dist$)/.test(entry.name))
    .flatMap(({ name }) =>
      readdirSync(join(root, name), { recursive: true }).map(
        (path) => `${name}/${path.replaceAll(sep, '/')}`,
      ),
    )
    .filter((path) => path.endsWith('.test.ts') && path.includes(pattern))
    .sort();
}

const { values, positionals } = read();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (positionals.length !== 1) refuse(`one FILE is wanted, not ${positionals.length}; see --help`);
const file = relative(root, resolve(positionals[0])).replaceAll(sep, '/');
if (file.startsWith('../')) refuse(`${positionals[0]} is not in this checkout`);
if (!file.endsWith('.ts') || /\.(?:test|d)\.ts$/.test(file))
  refuse(`${file} is no TypeScript module to be tested`);
if (!existsSync(join(root, file))) refuse(`there is no file ${file}`);
const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : positive('limit', values.limit);
const workers = positive('workers', values.workers);
const beside = file.replace(/\.ts$/, '.test.ts');
const tests = new Set();
if (values.tests === undefined) {
  if (!existsSync(join(root, beside))) refuse(`there is no ${beside}: name tests of ${file} with --tests`);
  tests.add(beside);
}
for (const pattern of values.tests ?? []) {
  const found = testsLike(pattern);
  if (found.length === 0) refuse(`no test file's path contains '${pattern}'`);
  for (const path of found) tests.add(path);
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

// Late, since it brings vitest: bad input is answered at once.
const { tryMutants } = await import('../test/mutation/try-mutants.mjs');
const { inWords, summaryOf } = await import('../test/mutation/report.mjs');
let result;
try {
  result = await tryMutants({
    root,
    file,
    tests: [...tests],
    limit,
    workers,
    signal: stop.signal,
    progress: (done, of) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of}${done === of ? '\n' : ''}`);
    },
  });
} catch (error) {
  if (!(error instanceof SyntaxError) && error.code !== 'PARSE_ERROR') throw error;
  refuse(`${file} does not parse: ${error.message.split('\n')[0]}`);
}
if (stop.signal.aborted) {
  console.error('mutation-testing: stopped before the end');
  process.exit(130);
}
if (result.failure !== undefined) {
  console.error(`${result.failure}\nmutation-testing: the tests fail on the unchanged ${file}`);
  process.exit(1);
}
const summary = summaryOf(file, [...tests], result);
process.stdout.write(values.json ? `${JSON.stringify(summary, null, 2)}\n` : inWords(summary));
