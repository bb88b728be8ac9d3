import { assertNever, type RollingHash } from '../../engine/core/index.ts';
import {
  type SchedulerCall,
  STATUS_REASON_NUMBERS,
  TASK_STATE_NUMBERS,
} from '../../engine/protocol/index.ts';
import type { Quantities } from '../../engine/resources/index.ts';
import type { JobState } from '../../engine/workload/index.ts';
import type { AttemptEnded, WorkloadOutput } from './framework-io.ts';

const JOB_STATE_NUMBERS: { readonly [State in JobState]: number } = {
  FINISHED: 1,
  FAILED: 2,
  REFUSED: 3,
  UNFINISHED: 4,
};

/** Numbers of the calls on the wire (spec 03 §1, §5, §7). */
const CALL_NUMBERS: { readonly [Type in SchedulerCall['type']]: number } = {
  SUBSCRIBE: 1,
  TEARDOWN: 2,
  ACCEPT: 3,
  DECLINE: 4,
  REVIVE: 5,
  KILL: 6,
  SHUTDOWN: 7,
  ACKNOWLEDGE: 8,
  RECONCILE: 9,
  MESSAGE: 10,
  REQUEST: 11,
  SUPPRESS: 12,
  ACCEPT_INVERSE_OFFERS: 13,
  DECLINE_INVERSE_OFFERS: 14,
  ACKNOWLEDGE_OPERATION_STATUS: 15,
  RECONCILE_OPERATIONS: 16,
  UPDATE_FRAMEWORK: 17,
};

/**
 * Mixes the integers of an output into the hash: kinds, ids, instants, states, amounts; and the names that are nowhere else a number (a role,
 * a job's id). Two runs whose outputs differ in anything that the framework decides differ in their hash, collisions apart.
 */
export function hashWorkloadOutput(hash: RollingHash, output: WorkloadOutput): void {
  switch (output.kind) {
    case 'call':
      hash.add(1);
      hashCall(hash, output.call);
      break;
    case 'reconnect':
      hash.add(2);
      break;
    case 'jobEnded': {
      const { outcome } = output;
      hash.add(3);
      hash.addText(outcome.job);
      hash.add(JOB_STATE_NUMBERS[outcome.state]);
      hash.add(outcome.tasks);
      hash.add(outcome.firstRunning ?? -1);
      hash.add(outcome.ended ?? -1);
      hash.add(outcome.retries);
      break;
    }
    case 'attemptEnded':
      hash.add(4);
      hashAttempt(hash, output.attempt);
      break;
    default:
      assertNever(output);
  }
}

function hashAttempt(hash: RollingHash, attempt: AttemptEnded): void {
  hash.add(attempt.frameworkId);
  hash.add(attempt.taskId);
  hash.add(attempt.index);
  hash.add(attempt.attempt);
  hash.add(attempt.agentId);
  hash.add(attempt.launched);
  hash.add(attempt.running ?? -1);
  hash.add(attempt.ended);
  hash.add(TASK_STATE_NUMBERS[attempt.state]);
  hash.add(attempt.reason === null ? -1 : STATUS_REASON_NUMBERS[attempt.reason]);
}

function hashCall(hash: RollingHash, call: SchedulerCall): void {
  hash.add(CALL_NUMBERS[call.type]);
  hash.add(call.frameworkId ?? -1);
  switch (call.type) {
    case 'SUBSCRIBE':
      hashTexts(hash, call.suppressedRoles);
      break;
    case 'ACCEPT':
      hashNumbers(hash, call.offerIds);
      for (const operation of call.operations) {
        if (operation.type !== 'LAUNCH') continue;
        for (const task of operation.taskInfos) {
          hash.add(task.taskId);
          hash.add(task.agentId);
          hash.add(task.resources.cpus);
          hash.add(task.resources.mem);
        }
      }
      hash.add(refuseMillis(call.filters));
      break;
    case 'DECLINE':
      hashNumbers(hash, call.offerIds);
      hash.add(refuseMillis(call.filters));
      break;
    case 'REVIVE':
    case 'SUPPRESS':
      hashTexts(hash, call.roles);
      break;
    case 'KILL':
      hash.add(call.taskId);
      hash.add(call.agentId ?? -1);
      break;
    case 'ACKNOWLEDGE':
      hash.add(call.agentId);
      hash.add(call.taskId);
      hash.add(call.uuid);
      break;
    case 'RECONCILE':
      hash.add(call.tasks.length);
      for (const task of call.tasks) hash.add(task.taskId);
      break;
    case 'REQUEST':
      for (const request of call.requests) {
        hash.addText(request.role);
        hashQuantities(hash, request.quantities);
      }
      break;
    default:
      // This framework makes no other calls; their type and sender are mixed in above.
      break;
  }
}

function hashNumbers(hash: RollingHash, numbers: readonly number[]): void {
  hash.add(numbers.length);
  for (let index = 0; index < numbers.length; index++) hash.add(numbers[index]!);
}

function hashTexts(hash: RollingHash, texts: readonly string[]): void {
  hash.add(texts.length);
  for (const text of texts) hash.addText(text);
}

function hashQuantities(hash: RollingHash, quantities: Quantities): void {
  hash.add(quantities.names.length);
  for (let index = 0; index < quantities.names.length; index++) {
    hash.addText(quantities.names[index]!);
    hash.add(quantities.values[index]!);
  }
}

function refuseMillis(filters: { readonly refuseSeconds: number } | null): number {
  return filters === null ? -1 : Math.round(filters.refuseSeconds * 1_000);
}
