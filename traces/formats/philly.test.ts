import { expect, test } from 'vitest';
import { readFiles, reading, refusalOf } from '../testing/trace-files.ts';

const HEADER = 'timestamp,duration,num_gpus,gpu_time,cluster';

function philly(...rows: string[]) {
  return { 'philly.csv': `${[HEADER, ...rows].join('\n')}\n` };
}

test('jobs are sorted by submission, then order in the file, and the first one arrives at 0', async () => {
  const { jobs, cluster } = await readFiles(
    philly(
      '2017-10-09 07:01:55,66.0,1,66.0,b',
      '2017-10-09 06:13:03,2951.0,2,5902.0,a',
      '2017-10-09 07:01:55,0.5,1,0.5,a',
    ),
  );
  expect(jobs.map((job) => [job.id, job.arrival, job.role, job.gang, job.tasks[0]!.duration])).toEqual([
    ['philly-2', 0, 'a', true, 2_951_000_000],
    ['philly-1', 2_932_000_000, 'b', true, 66_000_000],
    ['philly-3', 2_932_000_000, 'a', true, 500_000],
  ]);
  expect(cluster).toBeNull();
});

test('a job of more GPUs than a machine has is one task per machine and one for the rest', async () => {
  const { jobs, cluster } = await readFiles({
    ...philly('2017-10-09 07:01:55,1,20,20,a'),
    'philly_vc_nodes.csv': 'vc,node num\na,2\nb,3\n',
  });
  expect(jobs[0]!.tasks.map((tasks) => [tasks.count, tasks.resources.gpus, tasks.resources.cpus])).toEqual([
    [2, 8_000, 32_000],
    [1, 4_000, 16_000],
  ]);
  expect(cluster!.machines).toHaveLength(5);
});

test('machines, their GPUs, cpus and memory can be assumed', async () => {
  const given = { machines: '3', 'gpus-per-machine': '4', 'cpus-per-gpu': '2', 'mem-per-gpu': '1GiB' };
  const { jobs, cluster, workload } = await readFiles(philly('2017-10-09 07:01:55,1,8,8,a'), reading(given));
  expect(jobs[0]!.tasks.map((tasks) => [tasks.count, tasks.resources.gpus])).toEqual([[2, 4_000]]);
  expect([
    cluster!.machines.length,
    cluster!.machines[0]!.resources.cpus,
    cluster!.machines[0]!.resources.mem,
  ]).toEqual([3, 8_000, 4_096_000]);
  expect(workload.assumptions).toContain(
    'machines=3 (given): number of machines, or vc-nodes: the sum of philly_vc_nodes.csv beside the trace',
  );
});

test.each([
  ['2017-13-09 07:01:55,66.0,1,66.0,b', 'timestamp is "2017-13-09 07:01:55", expected YYYY-MM-DD HH:MM:SS'],
  ['None,66.0,1,66.0,b', 'timestamp is "None", expected YYYY-MM-DD HH:MM:SS'],
  ['2017-10-09 07:01:55,-66,1,-66,b', 'duration is "-66", expected seconds, 0 or more'],
  ['2017-10-09 07:01:55,66,0,0,b', 'num_gpus is "0", expected a whole number, from 1 to 100000'],
  ['2017-10-09 07:01:55,66,1.5,99,b', 'num_gpus is "1.5", expected a whole number, from 1 to 100000'],
  ['2017-10-09 07:01:55,66,2,66,b', 'gpu_time is "66", expected duration × num_gpus, 132'],
  ['2017-10-09 07:01:55,66,1,66,', 'cluster is "", expected a value'],
  ['2017-10-09 07:01:55,66', 'the row has 2 fields, expected 5 as in the header'],
])('the row %j is refused', async (row, message) => {
  expect(await refusalOf(philly('2017-10-09 07:01:55,66.0,1,66.0,b', row))).toBe(`philly.csv:3: ${message}`);
});
