import { test } from 'vitest';
import { RunWriter, printSummary } from './index.ts';
import { SAMPLE_RUN, describeSampleRun, endOfSampleRun, observeSampleRun } from './test/sample-run.ts';
test('x', () => {
  const w = RunWriter.open(
    { folder: '/tmp/rep-out', force: true, tasks: true },
    describeSampleRun(SAMPLE_RUN),
  );
  if (!w.ok) throw new Error(JSON.stringify(w.error));
  observeSampleRun(w.value, SAMPLE_RUN);
  const r = w.value.finish(endOfSampleRun(SAMPLE_RUN));
  if (!r.ok) throw new Error(JSON.stringify(r.error));
  console.log(printSummary(r.value.summary).join('\n'));
});
