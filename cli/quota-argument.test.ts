import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseQuotas, quotasText } from './quota-argument.ts';
import { UsageError } from './usage-error.ts';
import { build, orrery, temporaryFolder } from './testing/command.ts';

describe('--quota', () => {
  test.each<[text: string, understood: string]>([
    ['a=cpus:100;gpus:8', 'a: guarantee cpus:100;gpus:8, limit cpus:100;gpus:8'],
    ['a=guarantee:cpus:100|limit:cpus:200;gpus:16', 'a: guarantee cpus:100, limit cpus:200;gpus:16'],
    ['a=limit:cpus:200 | guarantee:cpus:100', 'a: guarantee cpus:100, limit cpus:200'],
    ['a=guarantee:mem:512', 'a: guarantee mem:512, limit none'],
    ['a=limit:gpus:0', 'a: guarantee none, limit gpus:0'],
    ['a = cpus : 1.5 ; mem : 64', 'a: guarantee cpus:1.5;mem:64, limit cpus:1.5;mem:64'],
    ['a=cpus:1,b=cpus:2', 'a: guarantee cpus:1, limit cpus:1 | b: guarantee cpus:2, limit cpus:2'],
  ])('%s', (text, understood) => {
    expect(quotasText(parseQuotas([text]))).toBe(understood);
  });

  test('none is none', () => {
    expect(quotasText(parseQuotas([]))).toBe('none');
  });

  const FORM =
    "expected ROLE=cpus:100;mem:65536, which is guarantee and limit, or 'ROLE=guarantee:cpus:100|limit:cpus:200'";

  test.each<[texts: readonly string[], message: string]>([
    [['default'], '--quota default: not of the form name=value'],
    [['a=cpus:1', 'a=cpus:2'], '--quota: a is given twice'],
    [['a='], `--quota a=: ${FORM}`],
    [['a=cpus'], `--quota a=cpus: ${FORM}`],
    [['a=cpus:1:2'], `--quota a=cpus:1:2: ${FORM}`],
    [['a=cpus:1;;mem:1'], `--quota a=cpus:1;;mem:1: ${FORM}`],
    [['a=cpus:1|limit:cpus:2'], `--quota a=cpus:1|limit:cpus:2: ${FORM}`],
    [['a=limit:cpus:1|limit:cpus:2'], `--quota a=limit:cpus:1|limit:cpus:2: ${FORM}`],
    [['a=guarantee:|limit:cpus:2'], `--quota a=guarantee:|limit:cpus:2: ${FORM}`],
    [['a=cpus:1;cpus:2'], '--quota a=cpus:1;cpus:2: cpus is given twice'],
    [['a=cpus:many'], '--quota a=cpus:many: cpus is "many", expected a number'],
    [['a=cpus:NaN'], '--quota a=cpus:NaN: cpus is "NaN", expected a number'],
    [['a=ports:[1-2]'], '--quota a=ports:[1-2]: ports is "[1-2]", expected a number'],
    [['a b=cpus:1'], "--quota a b=cpus:1: Role 'a b' is invalid: it contains white space or DEL"],
    [
      ['a/b=cpus:1'],
      "--quota a/b=cpus:1: Role 'a/b' is nested: only top-level roles have quota, which holds for all roles below them",
    ],
    [['a=cpus:-1'], '--quota a=cpus:-1: The guarantee of cpus is -1: an amount is finite and not negative'],
    [
      ['a=limit:cpus:1e999'],
      '--quota a=limit:cpus:1e999: The limit of cpus is Infinity: an amount is finite and not negative',
    ],
    [
      ['a=limit:cpus:1e13'],
      '--quota a=limit:cpus:1e13: The limit of cpus is 10000000000000: an amount is at most 1000000000000',
    ],
    [
      ['a=cpus:0.0001'],
      '--quota a=cpus:0.0001: The guarantee of cpus is 0.0001: an amount is 0 or at least 0.001',
    ],
    [
      ['a=guarantee:cpus:2|limit:cpus:1'],
      '--quota a=guarantee:cpus:2|limit:cpus:1: The guarantee of 2 cpus is above the limit of 1: guarantees are contained in limits',
    ],
  ])('%j is refused', (texts, message) => {
    expect(() => parseQuotas(texts)).toThrow(new UsageError(message));
  });
});

describe('simulate --quota', () => {
  const GANGS = ['simulate', '--trace', 'gang-mix', '--assume', 'interval=30', '--until', '1h'];
  let folder = '';

  beforeAll(async () => {
    folder = temporaryFolder();
    await build();
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const refused: readonly [what: string, args: readonly string[], message: string][] = [
    [
      'a quota that breaks a rule by itself',
      ['--quota', 'role-1=cpus:-1'],
      '--quota role-1=cpus:-1: The guarantee of cpus is -1: an amount is finite and not negative',
    ],
    [
      'a quota of a role without jobs',
      ['--quota', 'role=cpus:1'],
      '--quota role: no job has this role or one below it; there are role-1, role-2, role-3, role-4',
    ],
    [
      'guarantees beyond the cluster',
      ['--quota', 'role-1=guarantee:cpus:256', '--quota', 'role-2=guarantee:cpus:257'],
      '--quota: The guarantees of all roles add up to 513 cpus, and the cluster has 512: only force guarantees more than there is (--force-quota)',
    ],
    [
      'guarantees beyond another cluster',
      ['--cluster', '16xcpus:32;mem:262144;gpus:8', '--quota', 'role-1=guarantee:gpus:129'],
      '--quota: The guarantees of all roles add up to 129 gpus, and the cluster has 128: only force guarantees more than there is (--force-quota)',
    ],
  ];

  test.concurrent.each(refused)('%s is refused, and nothing is written', async (what, args, message) => {
    const out = what.replaceAll(' ', '-');
    const ended = await orrery(folder, ...GANGS, '--out', out, ...args);
    expect(ended).toEqual({ code: 2, out: '', err: `orrery: ${message}\n` });
    expect(readdirSync(folder).filter((name) => name.startsWith(out))).toEqual([]);
  });

  test.concurrent('a limit that a job can never keep to is refused by name, unless bad rows are left out', async () => {
    const args = [...GANGS, '--quota', 'role-1=limit:gpus:4', '--out', 'tight'];
    const { code, err } = await orrery(folder, ...args);
    expect(code).toBe(2);
    expect(err).toMatch(
      /^orrery: --trace gang-mix: the cluster of 16 machines can never run \d+ of 500 jobs\. The first is \S+, which needs [^\n]*\. The limit of its role is gpus:4\. Give a larger --quota, or --skip-bad-rows to refuse such jobs and count them\.\n$/,
    );
    expect(existsSync(join(folder, 'tight'))).toBe(false);
    expect((await orrery(folder, ...args, '--skip-bad-rows')).code).toBe(0);
  });

  test.concurrent('quotas are among the options of the report, and one command has one hash', async () => {
    const hashes: unknown[] = [];
    for (const out of ['one', 'two']) {
      const quota = ['--quota', 'role-1=guarantee:gpus:64', '--quota', 'role-2=limit:gpus:64'];
      expect((await orrery(folder, ...GANGS, ...quota, '--out', out)).code).toBe(0);
      const summary = JSON.parse(readFileSync(join(folder, out, 'summary.json'), 'utf8'));
      expect(summary.options.quotas).toBe(
        'role-1: guarantee gpus:64, limit none | role-2: guarantee none, limit gpus:64',
      );
      hashes.push(summary.hash);
    }
    expect(hashes[1]).toBe(hashes[0]);
  });

  test.concurrent('force guarantees more than there is', async () => {
    const quota = ['--quota', 'role-1=guarantee:cpus:600', '--force-quota'];
    expect((await orrery(folder, ...GANGS, ...quota, '--out', 'forced')).code).toBe(0);
  });

  test.concurrent('explain knows of limits', async () => {
    const { code, out } = await orrery(
      folder,
      ...['explain', '--trace', 'uniform', '--assume', 'jobs=20,interval=5', '--at', '2m'],
      ...['--quota', 'role-1=limit:cpus:1;mem:1024', '--role', 'role-1'],
    );
    expect(code).toBe(0);
    expect(out).toMatch(/10 agents: .*limit/);
  });
});
