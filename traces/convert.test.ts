import * as fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { micros, milli } from '../engine/core/index.ts';
import { Resources } from '../engine/resources/index.ts';
import type { Job } from '../engine/workload/index.ts';
import { convertTrace, writeTrace } from './convert.ts';
import { processorsOf, runTimeOf } from './export/swf.ts';
import { openTrace } from './open.ts';
import { anyCluster, jobList, plainCluster, plainJob, traceOf } from './testing/arbitrary-jobs.ts';
import { allJobs, inFolder, messageOf, reading, writeFiles } from './testing/trace-files.ts';

const RUNS = { numRuns: 60 };

const JOB: Job = {
  id: 'a',
  arrival: micros(0),
  role: 'r',
  user: null,
  priority: 0,
  gang: false,
  tasks: [{ count: 1, resources: Resources.EMPTY, duration: micros(1), constraints: [] }],
};

test('jobs and machines written as orrery-csv read back the same', async () => {
  await fc.assert(
    fc.asyncProperty(jobList, fc.option(anyCluster), async (jobs, cluster) => {
      await inFolder(async (folder) => {
        await writeTrace(traceOf(jobs, cluster), 'orrery-csv', join(folder, 'out'));
        const again = await openTrace(join(folder, 'out'), reading());
        expect((await allJobs(again.workload)).map(plainJob)).toEqual(jobs.map(plainJob));
        if (cluster === null) expect(again.cluster).toBeNull();
        else expect(plainCluster(again.cluster!)).toEqual(plainCluster(cluster));
      });
    }),
    RUNS,
  );
});

/** What an SWF line holds of a job (spec traces.md §14). */
function essentials(job: Job) {
  return { submit: job.arrival, run: runTimeOf(job), processors: processorsOf(job), user: job.user };
}

test('jobs written as SWF read back with equal submission, run time, processors and user', async () => {
  await fc.assert(
    fc.asyncProperty(jobList, fc.boolean(), async (jobs, packed) => {
      await inFolder(async (folder) => {
        const out = join(folder, packed ? 'out.swf.gz' : 'out.swf');
        await writeTrace(traceOf(jobs, null), 'swf', out);
        const again = await openTrace(out, reading());
        expect((await allJobs(again.workload)).map(essentials)).toEqual(jobs.map(essentials));
      });
    }),
    RUNS,
  );
});

test('a job is one SWF line: processors rounded up, the longest run time, memory per processor in KB', async () => {
  const shape = { cpus: milli(700), mem: milli(3_000) };
  const job: Job = {
    ...JOB,
    arrival: micros(1_500_000),
    user: 'ann "x" ',
    tasks: [
      {
        ...JOB.tasks[0]!,
        count: 3,
        resources: Resources.ofScalars(shape),
        duration: Float64Array.of(5e6, 7e6, 1),
      },
      { ...JOB.tasks[0]!, count: 1, resources: Resources.ofScalars(shape), duration: micros(6_000_000) },
    ],
  };
  await inFolder(async (folder) => {
    const out = join(folder, 'out.swf');
    const { losses } = await writeTrace(traceOf([job, { ...job, user: '7' }], null), 'swf', out);
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(lines.slice(-2)).toEqual([
      '1 1.5 -1 7 3 -1 -1 3 -1 4096 1 8 -1 -1 1 -1 -1 -1',
      '2 1.5 -1 7 3 -1 -1 3 -1 4096 1 7 -1 -1 1 -1 -1 -1',
    ]);
    expect(lines).toContain('; Note: user 8 is "ann \\"x\\" "');
    expect(lines).toContain('; Queue: 1 r');
    for (const loss of losses) expect(lines).toContain(`; Note: ${loss}`);
  });
});

test('an SWF log written as SWF has the same jobs, roles included', async () => {
  const text = [
    '; Queue: 1 fast',
    '1 0 -1 60 4 -1 -1 4 -1 -1 1 7 -1 -1 1 -1 -1 -1',
    '4 5 -1 0.5 1 -1 -1 1 -1 -1 1 -1 -1 -1 3 -1 -1 -1',
    '',
  ].join('\n');
  await inFolder(async (folder) => {
    writeFiles(folder, { 'a.swf': text });
    await convertTrace(join(folder, 'a.swf'), reading(), 'swf', join(folder, 'b.swf'));
    const first = await allJobs((await openTrace(join(folder, 'a.swf'), reading())).workload);
    const second = await allJobs((await openTrace(join(folder, 'b.swf'), reading())).workload);
    const parts = (jobs: Job[]) => jobs.map((job) => [job.role, essentials(job)]);
    expect(parts(second)).toEqual(parts(first));
  });
});

test('a bundled trace converts to orrery-csv and back without a change', async () => {
  await inFolder(async (folder) => {
    const out = join(folder, 'out');
    const conversion = await convertTrace('openb-2023', reading({ pods: 'gpuspec33' }), 'orrery-csv', out);
    expect(conversion.report.jobs).toBe(8_152);
    expect(conversion.files).toEqual([join(out, 'jobs.csv'), join(out, 'machines.csv')]);
    const before = await openTrace('openb-2023', reading({ pods: 'gpuspec33' }));
    const after = await openTrace(out, reading());
    expect((await allJobs(after.workload)).map(plainJob)).toEqual(
      (await allJobs(before.workload)).map(plainJob),
    );
    expect(plainCluster(after.cluster!)).toEqual(plainCluster(before.cluster!));
  });
});

test('a refused conversion leaves nothing behind', async () => {
  await inFolder(async (folder) => {
    writeFiles(folder, {
      'philly.csv': 'timestamp,duration,num_gpus,gpu_time,cluster\n2017-10-09 07:01:55,1,1,1,a\nx\n',
    });
    for (const [target, out] of [
      ['orrery-csv', 'new'],
      ['swf', 'new.swf'],
    ] as const) {
      await messageOf(() => convertTrace(join(folder, 'philly.csv'), reading(), target, join(folder, out)));
      expect(readdirSync(folder)).toEqual(['philly.csv']);
    }
  });
});

test('an output that exists, or has no folder to be in, is refused', async () => {
  await inFolder(async (folder) => {
    writeFiles(folder, { taken: '' });
    const refused = (out: string) => messageOf(() => convertTrace('uniform', reading(), 'swf', out));
    expect(await refused(join(folder, 'taken'))).toBe(`${folder}/taken exists already, expected a new file`);
    expect(await refused(join(folder, 'no/such'))).toBe(
      `${folder}/no is no folder, expected one to write ${folder}/no/such into`,
    );
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('');
  });
});

function withResources(text: string): Job {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error('the test has a bad resource');
  return { ...JOB, tasks: [{ ...JOB.tasks[0]!, resources: parsed.value }] };
}

test.each([
  [{ ...JOB, user: 'a\nb' }, 'the user "a\\nb" holds a line break, expected one line'],
  [{ ...JOB, id: '' }, 'a job has no id, expected one'],
  [
    withResources('cpus:1;ports:[1-2]'),
    /^job a has .*ports.*, expected plain cpus, mem, disk and gpus only$/,
  ],
  [withResources('cpus(ads):1'), /^job a has .*, expected plain cpus, mem, disk and gpus only$/],
  [
    {
      ...JOB,
      tasks: [{ ...JOB.tasks[0]!, constraints: [{ attribute: 'x', operator: 'IN' as const, values: [] }] }],
    },
    'job a has a constraint without attribute or values, expected both',
  ],
])('what the schema cannot hold is refused rather than lost (%#)', async (job, message) => {
  await inFolder(async (folder) => {
    const refused = await messageOf(() =>
      writeTrace(traceOf([job], null), 'orrery-csv', join(folder, 'out')),
    );
    expect(refused).toMatch(message);
    expect(readdirSync(folder)).toEqual([]);
  });
});
