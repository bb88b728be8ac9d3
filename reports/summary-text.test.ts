import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunWriter } from './run-writer.ts';
import { printSummary } from './summary-text.ts';
import {
  describeSampleRun,
  endOfSampleRun,
  observeSampleRun,
  SAMPLE_RUN,
  type SampleRunOptions,
} from './test/sample-run.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'orrery-text-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function lines(options: SampleRunOptions, partial: boolean): string[] {
  const opened = RunWriter.open(
    { folder: join(root, 'out'), force: true, tasks: false },
    describeSampleRun(options),
  );
  if (!opened.ok) throw new Error(opened.error.message);
  if (options.jobs > 0) observeSampleRun(opened.value, options);
  const finished = opened.value.finish({ ...endOfSampleRun(options), partial });
  if (!finished.ok) throw new Error(finished.error.message);
  return printSummary(finished.value.summary);
}

test('the columns of the role table are aligned', () => {
  const all = lines({ ...SAMPLE_RUN, jobs: 300, hours: 5 }, false);
  const table = all.slice(all.indexOf('') + 1);
  expect(table).toHaveLength(1 + SAMPLE_RUN.roles.length);
  expect(table[0]).toMatch(/^role .* jobs .* gpu h .* fair$/);
  for (const line of table) expect(line).toHaveLength(table[0]!.length);
});

test('a stopped run says so in its first line', () => {
  expect(lines({ ...SAMPLE_RUN, jobs: 300, hours: 5 }, true)[0]).toContain('(partial: stopped at 5 h)');
});

test('a run that told nothing is printed without gaps', () => {
  const text = lines({ ...SAMPLE_RUN, jobs: 0 }, false).join('\n');
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  expect(text).toContain('no job');
  expect(text).toContain('not sampled');
});
