import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, orrery, temporaryFolder } from './testing/command.ts';

// Policies from the user's files: the example of the documentation, and what is said of files and policies that break the rules.

const EXAMPLE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/examples/first-come.mjs');
const SMALL = ['simulate', '--trace', 'uniform', '--assume', 'jobs=10', '--cluster', '2xcpus:8;mem:16384'];

let folder = '';

beforeAll(async () => {
  folder = temporaryFolder();
  cpSync(EXAMPLE, join(folder, 'first-come.mjs'));
  mkdirSync(join(folder, 'policies'));
  await build();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(file: string, text: string): string {
  writeFileSync(join(folder, file), text);
  return file;
}

/** The example, but for some lines that change its `policy`, or what it says to the `sink`. */
function changed(lines: string): string {
  return `import firstCome from './first-come.mjs';
export default (now, options, sink) => {
  const relay = {
    allocated: (framework, role, agent, given) => sink.allocated(framework, role, agent, given),
    inverseOffer: (framework, agent) => sink.inverseOffer(framework, agent),
  };
  const policy = firstCome(now, options, relay);
  ${lines}
  return policy;
};
`;
}

/** Only whole seconds do not depend on how long messages travel. */
function timeless(said: string): string {
  return said.trimEnd().replace(/ at \d+\.\d+ s /, ' at T s ');
}

test('the example policy runs the whole sample, alike each time, and under faults', async () => {
  const run = (out: string, ...more: readonly string[]) =>
    orrery(
      folder,
      'simulate',
      '--trace',
      'g5k-medium',
      '--allocator',
      './first-come.mjs',
      '--out',
      out,
      ...more,
    );
  const [first, second, faulty] = await Promise.all([
    run('first', '--json'),
    run('second', '--json'),
    run('faulty', '--faults', 'heavy', '--json'),
  ]);
  expect([first.code, second.code, faulty.code]).toEqual([0, 0, 0]);
  const { hash, counts } = JSON.parse(first.out);
  expect(counts.jobs.byState.FINISHED).toBe(801);
  expect(JSON.parse(second.out).hash).toBe(hash);
  const summary = readFileSync(join(folder, 'first', 'summary.json'), 'utf8');
  expect(JSON.parse(summary).options.allocator).toBe('./first-come.mjs');
}, 60_000);

test('the default policy decides the same behind the guard, which --check puts before it', async () => {
  const run = (out: string, ...more: readonly string[]) =>
    orrery(folder, ...SMALL, '--faults', 'heavy', '--json', '--out', out, ...more);
  const [bare, checked] = await Promise.all([run('bare'), run('checked', '--check')]);
  expect(JSON.parse(checked.out).hash).toBe(JSON.parse(bare.out).hash);
}, 60_000);

describe('a file that holds no policy is refused with exit code 2', () => {
  test.concurrent.each<[string, string | null, string]>([
    ['./gone.mjs', null, './gone.mjs: no such file'],
    ['gone.js', null, 'gone.js: no such file'],
    ['./policies', null, './policies: not a file'],
    [
      './no-default.mjs',
      'export const policy = 1;\nexport const other = 2;\n',
      './no-default.mjs: no default export, and none named allocator; the file exports other, policy',
    ],
    ['./empty.mjs', '', './empty.mjs: no default export, and none named allocator; the file exports nothing'],
    [
      './no-function.mjs',
      'export default { role: 1 };\n',
      './no-function.mjs: the default export is of type object; expected a function (now, options, sink) that makes an allocator',
    ],
    [
      './named.mjs',
      'export const allocator = 7;\n',
      './named.mjs: the allocator export is of type number; expected a function (now, options, sink) that makes an allocator',
    ],
    [
      './throws.mjs',
      'const nothing = null;\nexport default nothing.factory;\n',
      "./throws.mjs: the file cannot be loaded: TypeError: Cannot read properties of null (reading 'factory') (throws.mjs:2:24)",
    ],
    [
      './missing-import.mjs',
      "import 'no-such-package';\n",
      "./missing-import.mjs: the file cannot be loaded: Error: Cannot find package 'no-such-package' imported from FOLDER/missing-import.mjs",
    ],
    [
      './syntax.mjs',
      'export default (now) => {\n  return );\n};\n',
      "./syntax.mjs: the file cannot be loaded: SyntaxError: Unexpected token ')' (syntax.mjs:2)",
    ],
    [
      'nosuch',
      null,
      'nosuch: unknown; there is hierarchical-drf, or a file of your own such as ./my-policy.mjs',
    ],
  ])('%s', async (file, text, message) => {
    if (text !== null) written(file, text);
    const out = `refused-${file.replaceAll(/\W/g, '')}`;
    const { code, err } = await orrery(folder, ...SMALL, '--allocator', file, '--out', out);
    expect(code).toBe(2);
    expect(err.trimEnd()).toBe(`orrery: --allocator ${message.replace('FOLDER', folder)}`);
    expect(readdirSync(folder).filter((name) => name.startsWith(out))).toEqual([]);
  });
});

describe('a policy that breaks a rule ends the run with exit code 1, and leaves no result', () => {
  test.concurrent.each<[string, string, string]>([
    [
      'throws',
      "policy.advance = () => {\n    throw new RangeError('no idea');\n  };",
      'in cycle 5, at 1 s (advance): throws RangeError: no idea (throws.mjs:9:11)',
    ],
    [
      'makes-nothing',
      'return undefined;',
      'before the first cycle, at 0 s (making it): the function makes undefined, which is no allocator',
    ],
    [
      'lacks-methods',
      'policy.setQuota = null;\n  delete policy.nextDeadline;',
      'before the first cycle, at 0 s (making it): the allocator that it makes has no setQuota, nextDeadline',
    ],
    [
      'over-allocates',
      'relay.allocated = (f, r, a, given) => sink.allocated(f, r, a, given.plus(given));',
      'in cycle 4, at T s (addFramework): gives framework 1 cpus:16;mem:32768 of agent 0 (machine-0), of which only cpus:8;mem:16384 is free',
    ],
    [
      'gives-twice',
      'relay.allocated = (f, r, a, given) => { sink.allocated(f, r, a, given); sink.allocated(f, r, a, given); };',
      'in cycle 4, at T s (addFramework): gives framework 1 cpus:8;mem:16384 of agent 0 (machine-0), of which nothing is free',
    ],
    [
      'unknown-agent',
      'relay.allocated = (f, r, a, given) => sink.allocated(f, r, 99, given);',
      'in cycle 4, at T s (addFramework): gives framework 1 cpus:8;mem:16384 of agent 99, which the master never added',
    ],
    [
      'unknown-framework',
      'relay.allocated = (f, r, a, given) => sink.allocated(f + 7, r, a, given);',
      'in cycle 4, at T s (addFramework): gives framework 8 cpus:8;mem:16384 of agent 0 (machine-0), but that framework was never added by the master',
    ],
    [
      'unknown-role',
      'relay.allocated = (f, r, a, given) => sink.allocated(f, 12, a, given);',
      'in cycle 4, at T s (addFramework): gives framework 1 cpus:8;mem:16384 of agent 0 (machine-0) under role 12, which it has never given out',
    ],
    [
      'foreign-role',
      'relay.allocated = (f, r, a, given) => sink.allocated(f, 0, a, given);',
      "in cycle 4, at T s (addFramework): gives framework 1 cpus:8;mem:16384 of agent 0 (machine-0) under role 'role-2', to which the framework does not subscribe",
    ],
    [
      'empty',
      'relay.allocated = (f, r, a, given) => sink.allocated(f, r, a, given.minus(given));',
      "in cycle 4, at T s (addFramework): gives framework 1 nothing of agent 0 (machine-0) under role 'role-1': an allocation must not be empty",
    ],
    [
      'text',
      "relay.allocated = (f, r, a) => sink.allocated(f, r, a, 'cpus:1');",
      "in cycle 4, at T s (addFramework): hands out 'cpus:1', which is not one of the Resources",
    ],
    [
      'deadline-nan',
      'policy.nextDeadline = () => NaN;',
      'before the first cycle, at 0 s (nextDeadline): nextDeadline answers NaN; give a whole number of microseconds, or null',
    ],
    [
      'deadline-past',
      'policy.nextDeadline = () => now - 1;',
      'before the first cycle, at 0 s (nextDeadline): nextDeadline answers -1, which is past: everything up to 0 was to be fired',
    ],
    [
      'deadline-stays',
      'policy.advance = () => {};',
      'after cycle 5, at 1 s (nextDeadline): nextDeadline answers 1000000, which is past: everything up to 1000000 was to be fired',
    ],
    [
      'late',
      'relay.allocated = (...given) => { queueMicrotask(() => sink.allocated(...given)); };',
      'after cycle 95, at 90 s (nextDeadline): hands out resources after its call had returned; decide before it returns',
    ],
    [
      'promise',
      'policy.advance = async () => { throw new Error(); };',
      'in cycle 5, at 1 s (advance): advance answers with a promise; decide before the call returns',
    ],
    [
      'catches',
      'relay.allocated = (f, r, a, given) => { try { sink.allocated(f, r, 99, given); } catch {} };',
      'in cycle 4, at T s (addFramework): gives framework 1 cpus:8;mem:16384 of agent 99, which the master never added',
    ],
    [
      'in-recovery',
      'let last;\n  relay.allocated = (...given) => { last = given; sink.allocated(...given); };\n  policy.recoverResources = () => sink.allocated(...last);',
      'after cycle 4, at T s (recoverResources): hands out resources in recoverResources, which starts no cycle; let nextDeadline ask for one',
    ],
    [
      'role-number',
      "policy.role = () => '1';",
      "after cycle 1, at T s (role): role('role-2') answers '1'; a role is a whole number from 0",
    ],
    [
      'metrics',
      'policy.metrics = () => ({ allocationRuns: NaN });',
      'after cycle 4, at T s (metrics): metrics has NaN for allocationRuns; give a number from 0',
    ],
    [
      'share',
      'policy.dominantShare = () => -1;',
      'after cycle 4, at T s (dominantShare): dominantShare answers -1; give a number from 0',
    ],
  ])('%s', async (name, lines, message) => {
    const file = written(`policies/${name}.mjs`, changed(lines).replace('./first', '../first'));
    const { code, err } = await orrery(folder, ...SMALL, '--allocator', file, '--out', `out-${name}`);
    expect(timeless(err)).toBe(`orrery: policy ${file}, ${message}`);
    expect(code).toBe(1);
    expect(readdirSync(folder).filter((entry) => entry.startsWith(`out-${name}`))).toEqual([]);
  });
});

test('a policy that gives a role more than its quota allows ends the run', async () => {
  const quota = ['--quota', 'role-1=limit:cpus:6'];
  const { code, err } = await orrery(
    folder,
    ...SMALL,
    ...quota,
    '--allocator',
    './first-come.mjs',
    '--out',
    'over',
  );
  expect(timeless(err)).toBe(
    "orrery: policy ./first-come.mjs, in cycle 4, at T s (addFramework): gives framework 1 cpus:8;mem:16384 of agent 0 (machine-0), but role 'role-1' has a limit of cpus:6 and consumes cpus:0 already",
  );
  expect(code).toBe(1);
});
