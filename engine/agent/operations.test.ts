import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FrameworkId, OperationUuid, UpdateId } from '../core/index.ts';
import { milli } from '../core/index.ts';
import type {
  MasterToAgent,
  OperationStatusUpdateMessage,
  ResourceOfferOperation,
  TaskInfo,
} from '../protocol/index.ts';
import { type Reservation, Resources } from '../resources/index.ts';
import type { AgentOutput } from './index.ts';
import {
  AGENT,
  AGENT_INFO,
  AgentDriver,
  FRAMEWORK,
  frameworkInfo,
  messages,
  SECOND,
  taskInfo,
  updates,
  words,
} from './test-kit.ts';

const FOR_DEV: Reservation = { type: 'DYNAMIC', role: 'dev', principal: null, labels: null };
const TWO_CPUS = Resources.ofScalars({ cpus: milli(2_000) }).pushReservation(FOR_DEV);

function reserve(resources: Resources, id: string | null = 'o'): ResourceOfferOperation {
  return { type: 'RESERVE', id, source: Resources.EMPTY, resources };
}

function apply(
  operationUuid: number,
  info: ResourceOfferOperation,
  frameworkId: FrameworkId | null = FRAMEWORK,
): MasterToAgent {
  return { type: 'APPLY_OPERATION', frameworkId, operationUuid: operationUuid as OperationUuid, info };
}

function ends(outputs: readonly AgentOutput[]): OperationStatusUpdateMessage[] {
  return messages(outputs).filter((message) => message.type === 'UPDATE_OPERATION_STATUS');
}

function acknowledgement(end: OperationStatusUpdateMessage, uuid = end.status.uuid!): MasterToAgent {
  return { type: 'ACKNOWLEDGE_OPERATION_STATUS', operationUuid: end.operationUuid, uuid };
}

function totalOf(driver: AgentDriver): string {
  return (driver.machine.checkpoint().resources ?? AGENT_INFO.resources).toString();
}

function using(resources: Resources, taskId = 1): TaskInfo {
  return { ...taskInfo(taskId), resources };
}

describe('an operation', () => {
  test('is done at once, checkpointed, and told as FINISHED with what it made', () => {
    const driver = AgentDriver.registered();
    const [end] = ends(driver.receive(apply(5, reserve(TWO_CPUS))));
    expect(end).toMatchObject({
      agentId: AGENT,
      frameworkId: FRAMEWORK,
      operationUuid: 5,
      status: { operationId: 'o', state: 'OPERATION_FINISHED', message: null, agentId: AGENT },
    });
    expect(end!.status.convertedResources!.equals(TWO_CPUS)).toBe(true);
    const { resources, operations, newestOperation } = driver.machine.checkpoint();
    expect(resources!.reserved('dev').equals(TWO_CPUS)).toBe(true);
    expect(operations.map((one) => one.operationUuid)).toEqual([5]);
    expect(newestOperation).toBe(5);
  });

  test('that comes twice is done once, also after its acknowledgement (bug ledger B11)', () => {
    const driver = AgentDriver.registered();
    const order = apply(5, reserve(TWO_CPUS));
    const [end] = ends(driver.receive(order));
    const once = totalOf(driver);
    expect(driver.receive(order)).toEqual([]);
    driver.receive(acknowledgement(end!));
    expect(driver.receive(order)).toEqual([]);
    expect(totalOf(driver)).toBe(once);
  });

  test('is told again after 10 s, then after twice as long each time, to 10 min, until its own uuid is acknowledged', () => {
    const driver = AgentDriver.registered();
    const [end] = ends(driver.receive(apply(5, reserve(TWO_CPUS))));
    const waits: number[] = [];
    for (let time = 0; time < 9; time++) {
      const before = driver.now;
      expect(ends(driver.tickAtDeadline())).toEqual([end]);
      waits.push((driver.now - before) / SECOND);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
    driver.receive(acknowledgement(end!, (end!.status.uuid! + 1) as UpdateId));
    expect(driver.machine.nextDeadline()).not.toBeNull();
    driver.receive(acknowledgement(end!));
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(driver.machine.report().operations).toEqual([]);
  });

  test('that does not fit is dropped, and the agent registers anew with what it has', () => {
    const driver = AgentDriver.registered();
    const before = totalOf(driver);
    const outputs = driver.receive(apply(5, { type: 'UNRESERVE', id: 'o', resources: TWO_CPUS }));
    expect(ends(outputs).map(({ status }) => status.state)).toEqual(['OPERATION_DROPPED']);
    expect(words(outputs).at(-1)).toBe('reconnect');
    expect(totalOf(driver)).toBe(before);
    const [asked] = messages(driver.step({ kind: 'linkOpened' }));
    expect(asked).toMatchObject({ type: 'REREGISTER_AGENT', operations: [{ operationUuid: 5 }] });
  });

  test('on a disk of a resource provider fails: there is none', () => {
    const driver = AgentDriver.registered();
    const info = { type: 'DESTROY_DISK', id: 'o', source: Resources.ofScalars({ disk: milli(5) }) } as const;
    const [end] = ends(driver.receive(apply(5, info)));
    expect(end!.status).toMatchObject({ state: 'OPERATION_FAILED', convertedResources: null });
    expect(driver.machine.isRegistered).toBe(true);
  });

  test('of an operator has no framework and is told all the same', () => {
    const driver = AgentDriver.registered();
    const [end] = ends(driver.receive(apply(5, reserve(TWO_CPUS, null), null)));
    expect(end).toMatchObject({
      frameworkId: null,
      status: { operationId: null, state: 'OPERATION_FINISHED' },
    });
  });
});

describe('reservations', () => {
  test.each([true, false])('and ends not acknowledged outlive a restart (containers alive: %s)', (alive) => {
    const driver = AgentDriver.registered();
    const [end] = ends(driver.receive(apply(5, reserve(TWO_CPUS))));
    const { next } = driver.restarted(alive);
    expect(totalOf(next)).toBe(totalOf(driver));
    const outputs = next.reregister();
    const [asked] = messages(outputs);
    expect(asked).toMatchObject({ type: 'REREGISTER_AGENT', operations: [{ operationUuid: 5 }] });
    expect(ends(outputs)).toEqual([end]);
    expect(next.receive(apply(5, reserve(TWO_CPUS)))).toEqual([]);
  });

  test('outlive their framework; nobody is told of its operations any more', () => {
    const driver = AgentDriver.registered();
    driver.receive(apply(5, reserve(TWO_CPUS)));
    driver.receive({ type: 'SHUTDOWN_FRAMEWORK', frameworkId: FRAMEWORK });
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(driver.machine.report().operations).toEqual([]);
    expect(driver.machine.checkpoint().resources!.reserved('dev').equals(TWO_CPUS)).toBe(true);
  });
});

describe('a task', () => {
  test('that needs a reservation which was never made here is dropped with REASON_RESOURCES_UNKNOWN', () => {
    const driver = AgentDriver.registered();
    const outputs = driver.run(using(TWO_CPUS), frameworkInfo(['PARTITION_AWARE']));
    expect(updates(outputs).map(({ status }) => [status.state, status.reason])).toEqual([
      ['TASK_DROPPED', 'REASON_RESOURCES_UNKNOWN'],
    ]);
    expect(words(outputs)).not.toContain('launch 1');
  });

  test('of a framework that is not partition-aware is TASK_LOST then', () => {
    const driver = AgentDriver.registered();
    expect(updates(driver.run(using(TWO_CPUS)))[0]!.status.state).toBe('TASK_LOST');
  });

  test('starts on a reservation that was made before it', () => {
    const driver = AgentDriver.registered();
    driver.receive(apply(5, reserve(TWO_CPUS)));
    expect(words(driver.run(using(TWO_CPUS)))).toContain('launch 1');
  });

  test('of a group drops the whole group, and its executor is told to have ended', () => {
    const driver = AgentDriver.registered();
    const outputs = driver.runGroup(50, [taskInfo(1), using(TWO_CPUS, 2)]);
    expect(words(outputs)).toEqual(['TASK_LOST 1', 'TASK_LOST 2', 'EXITED_EXECUTOR']);
  });
});

describe('an operation that the master knows and the agent does not', () => {
  const unreported = [{ frameworkId: FRAMEWORK, operationUuid: 9 as OperationUuid, operationId: 'lost' }];

  test('is answered OPERATION_DROPPED until that is acknowledged', () => {
    const driver = AgentDriver.registered();
    driver.step({ kind: 'linkOpened' });
    const answer = {
      type: 'AGENT_REREGISTERED',
      agentId: AGENT,
      unreported: [],
      unreportedOperations: unreported,
    } as const;
    const [end] = ends(driver.receive(answer));
    expect(end!.status).toMatchObject({ operationId: 'lost', state: 'OPERATION_DROPPED' });
    // The answer to a registration that was sent twice asks no second time.
    expect(ends(driver.receive(answer))).toEqual([]);
    expect(driver.machine.report().operations).toEqual([]);
    driver.receive(acknowledgement(end!));
    expect(driver.machine.nextDeadline()).toBeNull();
  });
});

test('fractional cpus reserved and unreserved in any order add up to what there was (bug ledger B32)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 5 }),
      fc.gen(),
      (pieces, gen) => {
        const driver = AgentDriver.registered();
        const before = totalOf(driver);
        let uuid = 0;
        const made = pieces.map((cpus) =>
          Resources.ofScalars({ cpus: milli(cpus) }).pushReservation(FOR_DEV),
        );
        for (const resources of made) driver.receive(apply(++uuid, reserve(resources)));
        const order = gen(fc.shuffledSubarray, made, { minLength: made.length });
        for (const resources of order)
          driver.receive(apply(++uuid, { type: 'UNRESERVE', id: null, resources }));
        expect(totalOf(driver)).toBe(before);
      },
    ),
  );
});
