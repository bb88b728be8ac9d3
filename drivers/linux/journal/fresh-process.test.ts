import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { playCrowded } from '../../../allocators/hierarchical-drf/crowded-history.ts';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import type { Micros } from '../../../engine/core/index.ts';
import {
  type AllocatorOptions,
  MasterMachine,
  type MasterInput,
  type MasterOptions,
  type MasterOutput,
} from '../../../engine/master/index.ts';
import { drivenOptions, MasterDriver, policyOptions } from '../../../engine/master/test-kit.ts';
import { ValueReader } from '../storage/value-reader.ts';
import { ValueWriter } from '../storage/value-writer.ts';
import { OutputDigest } from './output-digest.ts';

// A machine that is restored in a process that did nothing before goes on as the one in this process, which has made many: nothing that decides
// is kept in modules.

let folder: string | null = null;

afterEach(async () => {
  if (folder !== null) await rm(folder, { recursive: true });
});

const from = (path: string) => JSON.stringify(new URL(`../../../dist/${path}`, import.meta.url).href);

/** Prints the hash of the outputs of each input, and when the machine wants to go on. */
const RESTORE = `
  import { readFileSync } from 'node:fs';
  import { hierarchicalDrf } from ${from('allocators/hierarchical-drf/index.js')};
  import { MasterMachine } from ${from('engine/master/index.js')};
  import { OutputDigest } from ${from('drivers/linux/journal/output-digest.js')};
  import { ValueReader } from ${from('drivers/linux/storage/value-reader.js')};
  const reader = new ValueReader();
  const { snapshot, options, allocatorOptions, inputs } = reader.read(readFileSync(process.argv[1]));
  const machine = MasterMachine.restored(options, hierarchicalDrf, allocatorOptions, snapshot);
  const digest = new OutputDigest();
  for (const { now, input } of inputs) {
    const outputs = [];
    machine.step(now, input, outputs);
    digest.add(now, outputs);
    console.log(digest.text, machine.nextDeadline());
  }
`;

interface History {
  readonly options: MasterOptions;
  readonly allocatorOptions: AllocatorOptions;
  readonly inputs: readonly { readonly now: Micros; readonly input: MasterInput }[];
}

/** As bytes: every machine reads inputs of its own from them. */
function recorded(seed: number): Buffer {
  const options = drivenOptions({ history: 'full', operatorEventsKept: 20, frameworkMetrics: true });
  const allocatorOptions = policyOptions({
    timing: seed % 2 === 0 ? 'mesos' : 'event',
    declinerGuard: seed % 3 === 0,
    roleSorter: seed % 2 === 0 ? 'random' : 'drf',
    frameworkSorter: 'random',
    seed,
  });
  const inputs: { now: Micros; input: MasterInput }[] = [];
  const recorder = (now: Micros, input: MasterInput) => inputs.push({ now, input });
  playCrowded(new MasterDriver({ options, allocatorOptions, policy: hierarchicalDrf, recorder }), seed, 300);
  return Buffer.from(new ValueWriter().write({ options, allocatorOptions, inputs } satisfies History));
}

test.each([1, 2, 3])('in a fresh process, history %i', async (seed) => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-snapshot-'));
  const history = recorded(seed);
  const { options, allocatorOptions, inputs } = new ValueReader().read(history) as History;
  const machine = new MasterMachine(options, hierarchicalDrf, allocatorOptions, inputs[0]!.now);
  const middle = Math.floor(inputs.length / 2);
  const digest = new OutputDigest();
  const expected: string[] = [];
  for (const [index, { now, input }] of inputs.entries()) {
    if (index === middle) {
      const snapshot = machine.snapshot();
      if (!snapshot.ok) throw new Error(snapshot.error.code);
      const rest = (new ValueReader().read(history) as History).inputs.slice(middle);
      const state = { snapshot: snapshot.value, options, allocatorOptions, inputs: rest };
      await writeFile(join(folder, 'snapshot'), new ValueWriter().write(state));
    }
    const outputs: MasterOutput[] = [];
    machine.step(now, input, outputs);
    if (index < middle) continue;
    digest.add(now, outputs);
    expected.push(`${digest.text} ${machine.nextDeadline()}`);
  }
  const child = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', RESTORE, join(folder, 'snapshot')],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  expect(child.stderr).toBe('');
  expect(child.stdout.trim().split('\n')).toEqual(expected);
  expect(new Set(expected).size).toBeGreaterThan(100);
});
