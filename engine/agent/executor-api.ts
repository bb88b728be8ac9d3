import { assertNever, type Branded, type ExecutorId, type FrameworkId } from '../core/index.ts';
import type { ContainerHandle } from './container.ts';

/** An executor's event stream, numbered by the driver and never reused by one process. */
export type ExecutorStreamId = Branded<number, 'ExecutorStreamId'>;

/** One executor call awaiting its answer, numbered by the driver. */
export type ExecutorRequestId = Branded<number, 'ExecutorRequestId'>;

/** What an executor's token says it is; the driver has verified the signature (spec 04 §1). */
export interface ExecutorClaims {
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  readonly container: ContainerHandle;
}

/** Why a call of an executor was refused (spec 04 §1, §2). */
export type ExecutorCallError =
  | { readonly code: 'RECOVERING' }
  | { readonly code: 'FRAMEWORK_UNKNOWN' }
  | { readonly code: 'EXECUTOR_UNKNOWN' }
  | { readonly code: 'NOT_SUBSCRIBED' }
  | { readonly code: 'CLAIMS_MISMATCH' }
  /** The call itself is wrong; `text` says in what. */
  | { readonly code: 'CALL_INVALID'; readonly text: string };

/** The HTTP status of a refusal. */
export function executorCallErrorStatus(error: ExecutorCallError): 400 | 403 | 503 {
  switch (error.code) {
    case 'RECOVERING':
      return 503;
    case 'FRAMEWORK_UNKNOWN':
    case 'EXECUTOR_UNKNOWN':
    case 'CALL_INVALID':
      return 400;
    case 'NOT_SUBSCRIBED':
    case 'CLAIMS_MISMATCH':
      return 403;
    default:
      return assertNever(error);
  }
}

/** The body of a refusal. */
export function executorCallErrorText(error: ExecutorCallError): string {
  switch (error.code) {
    case 'RECOVERING':
      return 'Agent has not finished recovery';
    case 'FRAMEWORK_UNKNOWN':
      return 'Framework cannot be found';
    case 'EXECUTOR_UNKNOWN':
      return 'Executor cannot be found';
    case 'NOT_SUBSCRIBED':
      return 'Executor is not subscribed';
    case 'CLAIMS_MISMATCH':
      return 'The claims of the token are not those of this executor';
    case 'CALL_INVALID':
      return `Failed to validate Executor::Call: ${error.text}`;
    default:
      return assertNever(error);
  }
}
