import { assertNever, type TaskId } from '../core/index.ts';
import {
  type AcceptCall,
  type AuthorizationAction,
  type AuthorizationRequest,
  type ExtensionCall,
  type FrameworkInfo,
  type OperatorMutation,
  type ResourceOfferOperation,
  rolesOf,
} from '../protocol/index.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { operationAuthorizations } from './operation-authorizations.ts';
import type { MasterState } from './state.ts';
import { userOf } from './task-record.ts';

// Which call needs leave for what (spec 14 §2).

/** A question to the authorizer, and the part of the call that falls with a no: a task, an operation, or the call itself. */
export interface Question {
  readonly request: AuthorizationRequest;
  readonly of: unknown;
}

/** How the parts of an ACCEPT fared while it waited. */
export interface AcceptRuling {
  /** Tasks and operations that may not be. */
  readonly denied: ReadonlySet<unknown>;
  /** Tasks that were killed meanwhile; their framework was told. */
  readonly killed: ReadonlySet<TaskId>;
}

function about(of: unknown, action: AuthorizationAction, object: string | null): Question {
  return { request: { action, object }, of };
}

/** A framework registers in each of its roles. One without roles asks as well: some may not register at all. */
export function subscriptionQuestions(info: FrameworkInfo): readonly Question[] {
  const roles = rolesOf(info);
  if (roles.length === 0) return [about(info, 'register_frameworks', null)];
  return roles.map((role) => about(info, 'register_frameworks', role));
}

/** Each task runs as a user; each operation changes what belongs to a role or a principal. */
export function acceptQuestions(framework: FrameworkRecord, call: AcceptCall): readonly Question[] {
  const questions: Question[] = [];
  for (const operation of call.operations) {
    if (operation.type === 'LAUNCH' || operation.type === 'LAUNCH_GROUP') {
      for (const task of operation.taskInfos)
        questions.push(about(task, 'run_tasks', userOf(task) ?? framework.info.user));
    } else {
      for (const request of operationAuthorizations(operation)) questions.push({ request, of: operation });
    }
  }
  return questions;
}

/** Every call of an operator asks at least once. */
export function operatorQuestions(
  master: MasterState,
  call: OperatorMutation | ExtensionCall,
): readonly Question[] {
  switch (call.type) {
    case 'UPDATE_WEIGHTS':
      return ofRoles(
        call,
        'update_weights',
        call.weightInfos.map(({ role }) => role),
      );
    case 'UPDATE_QUOTA':
      return ofRoles(
        call,
        'update_quotas',
        call.quotaConfigs.map(({ role }) => role),
      );
    case 'SET_QUOTA':
      return [about(call, 'update_quotas', call.quotaRequest.role)];
    case 'REMOVE_QUOTA':
      return [about(call, 'update_quotas', call.role)];
    case 'RESERVE_RESOURCES':
    case 'UNRESERVE_RESOURCES':
    case 'CREATE_VOLUMES':
    case 'DESTROY_VOLUMES':
    case 'GROW_VOLUME':
    case 'SHRINK_VOLUME':
      return operationAuthorizations(operationOf(call)).map((request) => ({ request, of: call }));
    case 'UPDATE_MAINTENANCE_SCHEDULE':
      return [about(call, 'update_maintenance_schedules', null)];
    case 'START_MAINTENANCE':
      return [about(call, 'start_maintenances', null)];
    case 'STOP_MAINTENANCE':
      return [about(call, 'stop_maintenances', null)];
    case 'DRAIN_AGENT':
      // Whoever ends a drain by marking the agent gone must be allowed to do that, too (spec 10 §2).
      return call.markGone
        ? [about(call, 'drain_agents', null), about(call, 'mark_agents_gone', null)]
        : [about(call, 'drain_agents', null)];
    case 'DEACTIVATE_AGENT':
      return [about(call, 'deactivate_agents', null)];
    case 'REACTIVATE_AGENT':
      return [about(call, 'reactivate_agents', null)];
    case 'MARK_AGENT_GONE':
      return [about(call, 'mark_agents_gone', null)];
    case 'TEARDOWN':
    case 'UNDO_TEARDOWN': {
      const framework = master.frameworksById.get(call.frameworkId);
      return [about(call, 'teardown_frameworks', framework?.info.principal ?? null)];
    }
    default:
      return assertNever(call);
  }
}

function ofRoles(
  call: OperatorMutation,
  action: 'update_weights' | 'update_quotas',
  roles: readonly string[],
): readonly Question[] {
  return roles.length === 0 ? [about(call, action, null)] : roles.map((role) => about(call, action, role));
}

/** Calls of operators on reservations and volumes (spec 09). */
export type ResourceCall = Extract<
  OperatorMutation,
  {
    type:
      | 'RESERVE_RESOURCES'
      | 'UNRESERVE_RESOURCES'
      | 'CREATE_VOLUMES'
      | 'DESTROY_VOLUMES'
      | 'GROW_VOLUME'
      | 'SHRINK_VOLUME';
  }
>;

/** The operation that the call asks for. */
export function operationOf(call: ResourceCall): ResourceOfferOperation {
  switch (call.type) {
    case 'RESERVE_RESOURCES':
      return { type: 'RESERVE', id: null, source: call.source, resources: call.resources };
    case 'UNRESERVE_RESOURCES':
      return { type: 'UNRESERVE', id: null, resources: call.resources };
    case 'CREATE_VOLUMES':
      return { type: 'CREATE', id: null, volumes: call.volumes };
    case 'DESTROY_VOLUMES':
      return { type: 'DESTROY', id: null, volumes: call.volumes };
    case 'GROW_VOLUME':
      return { type: 'GROW_VOLUME', id: null, volume: call.volume, addition: call.addition };
    case 'SHRINK_VOLUME':
      return { type: 'SHRINK_VOLUME', id: null, volume: call.volume, subtract: call.subtract };
    default:
      return assertNever(call);
  }
}
