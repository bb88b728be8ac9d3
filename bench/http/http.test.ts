import { beforeAll, expect, test } from 'vitest';
import { build } from '../../cli/testing/command.ts';
import { JSON_TYPE, PROTOBUF_TYPE } from '../../drivers/linux/codec/index.ts';
import { dockerContainers, processContainers } from './containers.ts';
import { failoverCase } from './failover.ts';
import { httpLine, httpRow, medianRows } from './http-row.ts';
import { launchCase } from './launching.ts';
import { memoryCase } from './memory.ts';
import { offerCase } from './offering.ts';
import { recordingCase } from './recording.ts';

// Every case of the benchmark runs here in little, so that none can rot. No time is asserted: only that what is measured happened.

beforeAll(async () => {
  // The master is a process of its own: the compiled program.
  await build();
}, 120_000);

test.each([JSON_TYPE, PROTOBUF_TYPE] as const)(
  'tasks are launched and acknowledged over %s',
  async (type) => {
    const [row] = await launchCase('tiny', { agents: 3, frameworks: 2, tasksPerAccept: 2, type }, 20);
    expect(row!.figures['launchesPerSecond']).toBeGreaterThan(0);
    expect(row!.figures['masterCpuMicrosPerLaunch']).toBeGreaterThan(0);
  },
);

test.each(['event', 'mesos'] as const)('what becomes free is offered under %s timing', async (timing) => {
  const [row] = await offerCase('tiny', 4, 2, 8, timing);
  expect(row!.figures).toMatchObject({ samples: 8 });
});

test('agents and their tasks come back after a failover, and large answers hold them', async () => {
  const rows = await failoverCase('tiny', 6, 3);
  expect(rows.map(({ name }) => name)).toEqual([
    'tiny',
    'tiny/idle',
    ...['state', 'state-jsonp', 'state-summary', 'get-state-json', 'get-state-protobuf'].flatMap((answer) =>
      ['', '-again', '-changed'].map((when) => `tiny/${answer}${when}`),
    ),
  ]);
  const bytes = new Map(rows.map(({ name, figures }) => [name, figures['bytes']]));
  // Six agents with eighteen tasks; the other one is wrapped into `f(…);`.
  expect(bytes.get('tiny/state')).toBeGreaterThan(6 * 300 + 18 * 200);
  expect(bytes.get('tiny/state-again')).toBe(bytes.get('tiny/state'));
  // The task that was heard of has one status more.
  expect(bytes.get('tiny/state-changed')).toBeGreaterThan(bytes.get('tiny/state')!);
  expect(bytes.get('tiny/state-jsonp')).toBe(bytes.get('tiny/state-changed')! + 4);
});

test('memory is told for streams, agents and tasks', async () => {
  const rows = await memoryCase('tiny', { schedulers: 3, operators: 2, agents: 3, tasks: 10 });
  expect(rows.map(({ name }) => name)).toEqual(
    ['scheduler-stream', 'operator-stream', 'agent', 'task'].map((what) => `tiny/${what}`),
  );
});

test('recording is measured in pairs', async () => {
  const [row] = await recordingCase('tiny', 1, 20);
  expect(row!.size).toContain('4 pairs of 20 launches');
  expect(row!.figures['cpuRatio']).toBeGreaterThan(0);
});

test('containers start, as processes', async () => {
  const [row] = await processContainers('tiny', 2);
  expect(row!.figures['runtimeP50Ms']).toBeGreaterThan(0);
});

test('containers start in Docker, or the row says why not', async () => {
  const [row] = await dockerContainers('tiny', 1);
  if (row!.skipped === null) expect(row!.figures['runtimeP50Ms']).toBeGreaterThan(0);
  else expect(process.env['CI'] === undefined ? httpLine(row!) : 'not in CI').toContain('SKIPPED');
});

test('of several runs each figure is the median', () => {
  const runs = [3, 1, 2].map((value) => [httpRow('a', '', { value, other: -value })]);
  expect(medianRows(runs)).toEqual([httpRow('a', '', { value: 2, other: -2 })]);
});
