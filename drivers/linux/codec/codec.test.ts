import type { DescMessage } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MasterEpoch, micros } from '../../../engine/core/index.ts';
import * as agent from '../proto/generated/mesos/v1/agent/agent_pb.ts';
import * as executor from '../proto/generated/mesos/v1/executor/executor_pb.ts';
import * as master from '../proto/generated/mesos/v1/master/master_pb.ts';
import * as scheduler from '../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import { AgentRecordSchema, MasterRecordSchema } from '../proto/generated/orrery/agent_link_pb.ts';
import { agentCallFromWire, agentCallToWire, agentCallType } from './agent-call.ts';
import {
  agentRecordFromWire,
  agentRecordToWire,
  masterRecordFromWire,
  masterRecordToWire,
} from './agent-link.ts';
import { agentResponseFromWire, agentResponseToWire } from './agent-response.ts';
import { executorCallFromWire, executorCallToWire, executorCallType } from './executor-call.ts';
import { executorEventFromWire, executorEventToWire } from './executor-event.ts';
import { ExecutorUuids } from './ids/executor-uuids.ts';
import { IdTexts } from './ids/id-texts.ts';
import { readBinary, writeBinary } from './message/binary.ts';
import { parseJson } from './message/parse-json.ts';
import { readJson } from './message/read-json.ts';
import { WireError } from './message/wire-error.ts';
import { writeJson } from './message/write-json.ts';
import { operatorCallFromWire, operatorCallToWire, operatorCallType } from './operator-call.ts';
import { operatorEventFromWire, operatorEventToWire } from './operator-event.ts';
import { operatorResponseFromWire, operatorResponseToWire } from './operator-response.ts';
import { schedulerCallFromWire, schedulerCallToWire, schedulerCallType } from './scheduler-call.ts';
import { schedulerEventFromWire, schedulerEventToWire } from './scheduler-event.ts';
import { message } from './test-messages.ts';

const EPOCH = 3 as MasterEpoch;
const ADDRESS = { hostname: 'm', ip: '127.0.0.1', port: 5_050, version: '1.12.0', domain: null };
const ids = new IdTexts('abababab-abab-4bab-8bab-abab');
const uuids = new ExecutorUuids();

interface Codec {
  readonly name: string;
  readonly schema: DescMessage;
  /** Null for what is known and means nothing. */
  read(message: never): unknown;
  write(value: never): object;
}

function ofType<Type extends string>(type: Type | 'UNKNOWN', read: (type: Type) => unknown): unknown {
  return type === 'UNKNOWN' ? null : read(type as Type);
}

const CODECS: readonly Codec[] = [
  {
    name: 'call of a scheduler',
    schema: scheduler.CallSchema,
    read: (call: scheduler.CallValid) =>
      ofType(schedulerCallType(call), (type) => schedulerCallFromWire(ids, EPOCH, call, type)),
    write: (call) => schedulerCallToWire(ids, EPOCH, call),
  },
  {
    name: 'event of a scheduler',
    schema: scheduler.EventSchema,
    read: (event: scheduler.EventValid) => schedulerEventFromWire(ids, EPOCH, event),
    write: (event) =>
      schedulerEventToWire(ids, event, {
        epoch: EPOCH,
        address: ADDRESS,
        view: { format: 'post', showsRole: true },
      }),
  },
  {
    name: 'call of an executor',
    schema: executor.CallSchema,
    read: (call: executor.CallValid) =>
      ofType(executorCallType(call), (type) => executorCallFromWire(ids, uuids, call, type, micros(7))),
    write: (call) => executorCallToWire(ids, uuids, call),
  },
  {
    name: 'event of an executor',
    schema: executor.EventSchema,
    read: (event: executor.EventValid) => executorEventFromWire(ids, uuids, event),
    write: (event) => executorEventToWire(ids, uuids, event, null),
  },
  {
    name: 'call of an operator to the master',
    schema: master.CallSchema,
    read: (call: master.CallValid) =>
      ofType(operatorCallType(call), (type) => operatorCallFromWire(ids, call, type)),
    write: (call) => operatorCallToWire(ids, call),
  },
  {
    name: 'response of the master',
    schema: master.ResponseSchema,
    read: (response: master.ResponseValid) => {
      const read = operatorResponseFromWire(ids, EPOCH, response);
      // It is written with the address of the master that writes it.
      return read.type === 'GET_MASTER' ? null : read;
    },
    write: (response) => operatorResponseToWire(ids, EPOCH, ADDRESS, response),
  },
  {
    name: 'event of the master',
    schema: master.EventSchema,
    read: (event: master.EventValid) => operatorEventFromWire(ids, EPOCH, event),
    write: (event) => operatorEventToWire(ids, EPOCH, event),
  },
  {
    name: 'call of an operator to an agent',
    schema: agent.CallSchema,
    read: (call: agent.CallValid) => ofType(agentCallType(call), (type) => agentCallFromWire(call, type)),
    write: (call) => agentCallToWire(call),
  },
  {
    name: 'response of an agent',
    schema: agent.ResponseSchema,
    read: (response: agent.ResponseValid) => agentResponseFromWire(ids, response),
    write: (response) => agentResponseToWire(ids, response),
  },
  {
    name: 'record of an agent',
    schema: AgentRecordSchema,
    read: (record: never) => agentRecordFromWire(ids, record),
    write: (record) => agentRecordToWire(ids, record),
  },
  {
    name: 'record of a master',
    schema: MasterRecordSchema,
    read: (record: never) => masterRecordFromWire(ids, record),
    write: (record) => masterRecordToWire(ids, record),
  },
];

/** What reading gives; undefined for what is refused. Anything but a WireError comes through. */
function read(codec: Codec, made: object): unknown {
  try {
    return codec.read(made as never);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    expect(error.message).not.toBe('');
    return undefined;
  }
}

/** Whether a task or an operation of the call stands for one that could not be read. */
function holdsFault(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if ('fault' in value && typeof value.fault === 'string') return true;
  return Object.values(value).some(holdsFault);
}

for (const codec of CODECS) {
  test(`a ${codec.name} is read or refused with a reason, and what was read is the same when written and read again`, () => {
    let wasRead = 0;
    fc.assert(
      fc.property(message(codec.schema, 6), (made) => {
        const value = read(codec, made);
        // A part that could not be read is refused by itself, with its reason: there is nothing to write of it.
        if (value === undefined || value === null || holdsFault(value)) return;
        wasRead++;
        const written = codec.write(value as never);
        const json = parseJson(writeJson(codec.schema, written as never));
        expect(read(codec, readJson(codec.schema, json))).toEqual(value);
        const bytes = writeBinary(codec.schema, written as never);
        expect(read(codec, readBinary(codec.schema, bytes))).toEqual(value);
      }),
      { numRuns: 250 },
    );
    expect(wasRead).toBeGreaterThan(0);
  });
}
