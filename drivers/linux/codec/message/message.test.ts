import type { DescMessage } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as agent from '../../proto/generated/mesos/v1/agent/agent_pb.ts';
import * as executor from '../../proto/generated/mesos/v1/executor/executor_pb.ts';
import * as master from '../../proto/generated/mesos/v1/master/master_pb.ts';
import { OfferSchema, TaskInfoSchema, TaskStatusSchema } from '../../proto/generated/mesos/v1/mesos_pb.ts';
import * as scheduler from '../../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import { message } from '../test-messages.ts';
import { readBinary, writeBinary } from './binary.ts';
import { readMessage } from './media-type.ts';
import { parseJson } from './parse-json.ts';
import { readJson } from './read-json.ts';
import { WireError } from './wire-error.ts';
import { writeJson } from './write-json.ts';

const SCHEMAS: readonly (readonly [string, DescMessage])[] = [
  ['scheduler.Call', scheduler.CallSchema],
  ['scheduler.Event', scheduler.EventSchema],
  ['executor.Call', executor.CallSchema],
  ['executor.Event', executor.EventSchema],
  ['master.Call', master.CallSchema],
  ['master.Response', master.ResponseSchema],
  ['master.Event', master.EventSchema],
  ['agent.Call', agent.CallSchema],
  ['agent.Response', agent.ResponseSchema],
];

for (const [name, schema] of SCHEMAS) {
  test(`a ${name} is the same after a way through JSON and after one through protobuf`, () => {
    fc.assert(
      fc.property(message(schema), (made) => {
        expect(readJson(schema, parseJson(writeJson(schema, made as never)))).toEqual(made);
        expect(readBinary(schema, writeBinary(schema, made as never))).toEqual(made);
      }),
      { numRuns: 60 },
    );
  });

  test(`whatever JSON comes as a ${name}, it is read or refused with a place`, () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), message(schema, 3), fc.nat(), (noise, made, at) => {
        expectRefusal(() => readJson(schema, noise));
        // Some value of a valid message is replaced by noise.
        const json = parseJson(writeJson(schema, made as never)) as object;
        expectRefusal(() => readJson(schema, replaced(json, noise, { left: at % 20 })));
      }),
      { numRuns: 100 },
    );
  });

  test(`whatever bytes come as a ${name}, they are read or refused`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), message(schema, 3), fc.nat(), (noise, made, at) => {
        expectRefusal(() => readBinary(schema, noise));
        expectRefusal(() => readMessage(schema, noise, 'application/json'));
        const bytes = writeBinary(schema, made as never);
        if (bytes.length === 0) return;
        const flipped = Uint8Array.from(bytes);
        flipped[at % bytes.length]! ^= 1 << (at % 8);
        expectRefusal(() => readBinary(schema, flipped));
        expectRefusal(() => readBinary(schema, bytes.subarray(0, at % bytes.length)));
      }),
      { numRuns: 100 },
    );
  });
}

function expectRefusal(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    expect((error as WireError).message).not.toBe('');
  }
}

function replaced(json: unknown, noise: unknown, count: { left: number }): unknown {
  if (count.left-- === 0) return noise;
  if (Array.isArray(json)) return json.map((entry) => replaced(entry, noise, count));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, entry]) => [name, replaced(entry, noise, count)]),
  );
}

test('64-bit numbers are numbers in JSON and lose nothing', () => {
  const json = writeJson(TaskStatusSchema, {
    taskId: { value: 't' },
    state: 1,
    unreachableTime: { nanoseconds: 1_700_000_000_123_456_789n },
  });
  expect(json).toContain('"nanoseconds":1700000000123456789}');
  const read = readJson(TaskStatusSchema, parseJson(json));
  expect(read.unreachableTime!.nanoseconds).toBe(1_700_000_000_123_456_789n);
});

test('digits in texts and fractions are left alone when long numbers are read', () => {
  const text =
    '{"a":"12345678901234567890","b":"\\"12345678901234567890","c":1234567890.12345678901234567890,"d":-12345678901234567890,"e":1e300}';
  expect(parseJson(text)).toEqual({
    a: '12345678901234567890',
    b: '"12345678901234567890',
    c: 1234567890.1234567,
    d: '-12345678901234567890',
    e: 1e300,
  });
});

test('numbers may come as texts, and null stands for an absent field', () => {
  const task = readJson(TaskInfoSchema, {
    name: 'n',
    task_id: { value: 't' },
    agent_id: { value: 'a' },
    executor: null,
    labels: null,
    max_completion_time: { nanoseconds: '5000000000' },
    resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: '0.5' }, disk: null, reservations: null }],
    unheard_of: { anything: 1 },
  });
  expect(task.maxCompletionTime!.nanoseconds).toBe(5_000_000_000n);
  expect(task.resources[0]!.scalar!.value).toBe(0.5);
  expect(Object.hasOwn(task, 'executor')).toBe(false);
});

test('an unknown name of an enum is dropped where the field is optional and refused where it is required', () => {
  const status = { task_id: { value: 't' }, state: 'TASK_RUNNING', reason: 'REASON_OF_TOMORROW' };
  expect(Object.hasOwn(readJson(TaskStatusSchema, status), 'reason')).toBe(false);
  expect(() => readJson(TaskStatusSchema, { ...status, state: 'TASK_DREAMING' })).toThrow(
    "'state': unknown name",
  );
});

test('a refusal says where in the message, and what was expected there', () => {
  const cases: [unknown, string][] = [
    [{ id: { value: 1 } }, "'id.value': expected a string, got 1"],
    [{ resources: {} }, "'resources': expected an array, got an object"],
    [
      { resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 'x' } }] },
      '\'resources[0].scalar.value\': expected a number, got "x"',
    ],
    [{}, "'id': required, and missing"],
    [[], 'expected an object, got an array'],
  ];
  for (const [json, text] of cases) expect(() => readJson(OfferSchema, json)).toThrow(text);
});
