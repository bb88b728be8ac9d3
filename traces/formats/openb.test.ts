import { expect, test } from 'vitest';
import { readFiles, reading, refusalOf } from '../testing/trace-files.ts';

const HEADER =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
const NODES = 'sn,cpu_milli,memory_mib,gpu,model\nn0,64000,262144,2,P100\nn1,32000,131072,0,\n';

function pods(...rows: string[]) {
  return {
    'openb_pod_list_default.csv': `${[HEADER, ...rows].join('\n')}\n`,
    'openb_node_list_all_node.csv': NODES,
  };
}

test('pods become jobs of one task, sorted by creation, in order of the file within a second', async () => {
  const { jobs, cluster } = await readFiles(
    pods(
      'late,1000,2048,0,0,,BE,Running,20,30,20',
      'a,500,1024,1,460,P100|T4|P100,LS,Running,10,15,12',
      'b,500,1024,2,1000,,,Pending,10,10,',
    ),
  );
  expect(jobs.map((job) => [job.id, job.arrival, job.role, job.priority, job.gang])).toEqual([
    ['a', 10_000_000, 'LS', 3, false],
    ['b', 10_000_000, 'default', 0, false],
    ['late', 20_000_000, 'BE', 1, false],
  ]);
  const [share, pair, plain] = jobs.map((job) => job.tasks[0]!);
  expect([share!.resources.cpus, share!.resources.mem, share!.resources.gpus]).toEqual([500, 1_024_000, 460]);
  expect(share!.constraints).toEqual([{ attribute: 'gpu_model', operator: 'IN', values: ['P100', 'T4'] }]);
  expect([pair!.resources.gpus, plain!.resources.gpus]).toEqual([2_000, 0]);
  expect([share!.duration, pair!.duration, plain!.duration]).toEqual([5_000_000, 1, 10_000_000]);
  expect(
    cluster!.machines.map((machine) => [machine.name, machine.resources.gpus, machine.attributes]),
  ).toEqual([
    ['n0', 2_000, [{ name: 'gpu_model', type: 'TEXT', text: 'P100' }]],
    ['n1', 0, []],
  ]);
});

test('run time may count from scheduling, shares may be whole devices, and roles may be one', async () => {
  const assumptions = { 'run-time-from': 'scheduled', 'gpu-sharing': 'whole', 'role-by': 'none' };
  const { jobs } = await readFiles(pods('a,500,1024,1,460,,LS,Running,10,15,12'), reading(assumptions));
  expect(jobs[0]).toMatchObject({ role: 'default' });
  expect([jobs[0]!.tasks[0]!.duration, jobs[0]!.tasks[0]!.resources.gpus]).toEqual([3_000_000, 1_000]);
});

test('columns are found by name: a list in another order with a strange column reads the same', async () => {
  const text =
    'gpu_milli,extra,num_gpu,memory_mib,cpu_milli,name,deletion_time,creation_time\n500,x,1,1024,2000,a,9,4\n';
  const { jobs, cluster } = await readFiles({ 'pods.csv': text });
  expect(jobs[0]).toMatchObject({ id: 'a', arrival: 4_000_000, role: 'default' });
  expect(jobs[0]!.tasks[0]!.resources.gpus).toBe(500);
  expect(cluster).toBeNull();
});

test.each([
  ['a,1000,2048,0,0,,BE,Running,20', '3: the row has 9 fields, expected 11 as in the header'],
  ['a,x,2048,0,0,,BE,Running,20,30,20', '3: cpu_milli is "x", expected a whole number, 0 or more'],
  [
    'a,1000,-1,0,0,,BE,Running,20,30,20',
    '3: memory_mib is "-1", expected a whole number, from 0 to 1000000000000',
  ],
  ['a,0,0,0,0,,BE,Running,20,30,20', '3: cpu_milli is "0", expected a pod that needs something'],
  ['a,1,1,65,1000,,BE,Running,20,30,20', '3: num_gpu is "65", expected a whole number, from 0 to 64'],
  ['a,1,1,1,1001,,BE,Running,20,30,20', '3: gpu_milli is "1001", expected a whole number, from 1 to 1000'],
  ['a,1,1,2,500,,BE,Running,20,30,20', '3: gpu_milli is "500", expected 1000, as num_gpu is 2'],
  [',1000,2048,0,0,,BE,Running,20,30,20', '3: name is "", expected a value'],
  ['a,1000,2048,0,0,,BE,Running,,30,20', '3: creation_time is "", expected seconds, 0 or more'],
  ['a,1000,2048,0,0,,BE,Running,20,19,20', '3: deletion_time is "19", expected creation_time 20 or later'],
  [
    'a,1000,2048,0,0,,BE,Running,20,30,31',
    '3: scheduled_time is "31", expected nothing, or a time from creation_time to deletion_time',
  ],
])('the row %j is refused, or counted', async (row, message) => {
  const files = pods('good,1000,2048,0,0,,BE,Running,20,30,20', row);
  expect(await refusalOf(files)).toBe(`openb_pod_list_default.csv:${message}`);
  const { jobs, workload } = await readFiles(files, reading({}, { strictness: 'skip-bad-rows' }));
  expect(jobs.map((job) => job.id)).toEqual(['good']);
  expect(workload.report()).toMatchObject({ rows: 2, jobs: 1, skippedRows: 1 });
  expect(workload.report().firstBadRow).toContain(`openb_pod_list_default.csv:${message}`);
});

test('a bad node is an error under either strictness', async () => {
  const files = { ...pods(), 'openb_node_list_all_node.csv': `${NODES}n2,0,1,0,\n` };
  const message = 'openb_node_list_all_node.csv:4: cpu_milli is "0", expected a whole number, 1 or more';
  expect(await refusalOf(files)).toBe(message);
  expect(await refusalOf(files, reading({}, { strictness: 'skip-bad-rows' }))).toBe(message);
});
