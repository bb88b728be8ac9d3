import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { type Micros, micros, milli } from '../../../engine/core/index.ts';
import {
  DEFAULT_MASTER_OPTIONS,
  type MasterInput,
  MasterMachine,
  type MasterOutput,
} from '../../../engine/master/index.ts';
import { ALLOCATOR_OPTIONS } from '../../../engine/master/test-kit.ts';
import {
  CPUS,
  MEM,
  rangesResource,
  resourceIdentity,
  Resources,
  scalarResource,
} from '../../../engine/resources/index.ts';
import { ValueFormatError } from '../storage/value-reader.ts';
import { formOf } from './frequent-inputs.ts';
import { playHistory } from './journal-history.ts';
import type { JournalRecord } from './journal-record.ts';
import { RecordWriter, recordReader } from './record-codec.ts';

const START = micros(1_700_000_000_000_000);

/** Writes each block as the journal does, from the start of a buffer or after bytes that are somebody's. */
function blocksOf(writer: RecordWriter, blocks: readonly (readonly JournalRecord[])[]): Buffer[] {
  return blocks.map((records) => {
    writer.begin(Buffer.alloc(64), 12);
    for (const record of records) {
      if (record.kind === 'input') writer.input(record.now, record.input);
      else if (record.kind === 'name') writer.name(record.of, record.id, record.text);
      else writer.any(record);
    }
    return Buffer.from(writer.take().subarray(12, writer.length));
  });
}

function readBack(blocks: readonly Buffer[]): JournalRecord[][] {
  const reader = recordReader(2);
  return blocks.map((block) => [...reader.read(block)].map(({ record }) => record));
}

/** Of fields like these; those in `optional` are on some. */
function plain(
  fields: { readonly [name: string]: fc.Arbitrary<unknown> },
  optional: { readonly [name: string]: fc.Arbitrary<unknown> } = {},
) {
  return fc.record({ ...fields, ...optional }, { requiredKeys: Object.keys(fields), noNullPrototype: true });
}

const id = fc.nat(2 ** 31);
const text = fc.string({ unit: 'grapheme', maxLength: 50 });
const principal = fc.option(text);
const now = fc.integer({ min: -5, max: 2 ** 30 }).map((after) => micros(START + after));
const part = fc.option(
  fc.dictionary(fc.constantFrom('a', 'b'), fc.oneof(fc.nat(), text, fc.constant(null)), {
    noNullPrototype: true,
  }),
);

const kinds = [
  CPUS,
  MEM,
  resourceIdentity({ ...CPUS, allocationRole: 'eng' }),
  resourceIdentity({ ...MEM, revocable: true }),
];
const resources = fc
  .array(fc.tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 3 })
  .chain((scalars) =>
    fc
      .boolean()
      .map((hasPorts) =>
        Resources.of([
          ...scalars.map(([identity, amount]) => scalarResource(identity, milli(amount))),
          ...(hasPorts
            ? [
                rangesResource(resourceIdentity({ ...CPUS, name: 'ports', type: 'RANGES' }), [
                  { begin: 1, end: 9 },
                ]),
              ]
            : []),
        ]),
      ),
  );
const command = plain({
  value: fc.option(text),
  shell: fc.boolean(),
  args: fc.array(text, { maxLength: 2 }),
  user: fc.option(text),
  environment: fc.array(plain({ name: text, type: fc.constant('VALUE'), value: text }), { maxLength: 2 }),
  uris: fc.array(plain({ value: text, extract: fc.boolean() }), { maxLength: 2 }),
});
const template = plain(
  {
    name: text,
    command: fc.option(command),
    executor: part,
    container: part,
    killPolicy: part,
    healthCheck: part,
    check: part,
    maxCompletionTime: fc.option(fc.nat()),
    limits: part,
    labels: part,
    discovery: part,
    data: fc.option(fc.uint8Array({ maxLength: 5 })),
  },
  { fault: text },
);
const task = plain({ taskId: id, agentId: id, resources, template }, { allocatedTo: text });
const operation = fc.oneof(
  plain(
    { type: fc.constant('LAUNCH'), id: fc.option(text), taskInfos: fc.array(task, { maxLength: 3 }) },
    { fault: text },
  ),
  plain({ type: fc.constant('RESERVE'), id: fc.option(text), resources }),
);
const call = fc.oneof(
  plain({ type: fc.constant('ACKNOWLEDGE'), frameworkId: id, agentId: id, taskId: id, uuid: id }),
  plain({
    type: fc.constant('ACCEPT'),
    frameworkId: id,
    offerIds: fc.array(id, { maxLength: 3 }),
    operations: fc.array(operation, { maxLength: 3 }),
    filters: fc.option(plain({ refuseSeconds: fc.double({ min: 0, noNaN: true }) })),
  }),
  plain({ type: fc.constant('DECLINE'), frameworkId: id, offerIds: fc.array(id, { maxLength: 3 }) }),
);
const status = plain({
  taskId: id,
  state: fc.constantFrom('TASK_RUNNING', 'TASK_FINISHED'),
  source: fc.constantFrom('SOURCE_EXECUTOR', 'SOURCE_AGENT'),
  reason: fc.option(fc.constant('REASON_COMMAND_EXECUTOR_FAILED')),
  agentId: fc.option(id),
  executorId: fc.option(id),
  timestamp: fc.maxSafeInteger(),
  uuid: fc.option(id),
  message: fc.option(text),
  details: part,
});
const message = fc.oneof(
  plain({
    type: fc.constant('STATUS_UPDATE'),
    agentId: id,
    frameworkId: id,
    status,
    latestState: fc.constantFrom('TASK_RUNNING', 'TASK_LOST'),
  }),
  plain({ type: fc.constant('PONG'), of: part }),
);
const input = fc.oneof(
  plain({ kind: fc.constant('schedulerCalled'), request: id, principal, stream: id, call }),
  plain({ kind: fc.constant('agentMessage'), link: id, message }, { principal }),
  plain({ kind: fc.constantFrom('tick', 'streamClosed'), stream: id }),
) as unknown as fc.Arbitrary<MasterInput>;

const record = fc.oneof(
  { weight: 4, arbitrary: plain({ kind: fc.constant('input'), now, input }) },
  plain({
    kind: fc.constant('name'),
    of: fc.constantFrom('task', 'executor', 'agent', 'framework'),
    id,
    text,
  }),
  plain({ kind: fc.constant('checkpoint'), inputs: id, hash: text }),
) as fc.Arbitrary<unknown> as fc.Arbitrary<JournalRecord>;

test('blocks of records, whatever their forms, are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.array(record, { maxLength: 6 }), { maxLength: 4 }), (blocks) => {
      expect(readBack(blocksOf(new RecordWriter(), blocks))).toStrictEqual(blocks);
    }),
  );
});

test('what a busy master gets most has a form, and nothing else', () => {
  fc.assert(
    fc.property(input, (one) => {
      const isFrequent =
        one.kind === 'agentMessage'
          ? one.message.type === 'STATUS_UPDATE'
          : one.kind === 'schedulerCalled' && ['ACKNOWLEDGE', 'ACCEPT'].includes(one.call.type);
      expect(formOf(one) !== null).toBe(isFrequent);
    }),
  );
});

test('after the writer forgot, a reader of its own reads what follows', () => {
  fc.assert(
    fc.property(fc.array(record), fc.array(record), (before, after) => {
      const writer = new RecordWriter();
      blocksOf(writer, [before]);
      writer.forget();
      expect(readBack(blocksOf(writer, [after]))).toStrictEqual([after]);
    }),
  );
});

test('a block that is cut or made up is refused as such or read as some records, and never harms the reader', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 4 }), fc.nat(), fc.nat(255), (records, place, byte) => {
      const [block] = blocksOf(new RecordWriter(), [records]) as [Buffer];
      const cut = Buffer.from(block.subarray(0, place % (block.length + 1)));
      if (cut.length > 0) cut[(place * 7) % cut.length] = byte;
      try {
        for (const _record of recordReader(2).read(cut));
      } catch (error) {
        expect(error).toBeInstanceOf(ValueFormatError);
      }
    }),
    { numRuns: 1_000 },
  );
});

/** A write to it throws from here on. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value))
    return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

// They wait some milliseconds to be encoded, after the master has taken them.
test('a master changes no input that has a form', () => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const machine = new MasterMachine(DEFAULT_MASTER_OPTIONS, hierarchicalDrf, ALLOCATOR_OPTIONS, START);
      const step = (at: Micros, taken: MasterInput): readonly MasterOutput[] => {
        const form = formOf(taken);
        if (form !== null) {
          seen.add(form);
          freeze(taken);
        }
        const outputs: MasterOutput[] = [];
        machine.step(at, taken, outputs);
        return outputs;
      };
      const history = playHistory({ step, nextDeadline: () => machine.nextDeadline() }, seed, 200, START);
      for (const _pause of history);
    }),
    { numRuns: 20 },
  );
  expect(seen.size).toBeGreaterThanOrEqual(2);
});
