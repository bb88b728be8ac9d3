import { type FrameworkId, type Micros, microsToSeconds } from '../core/index.ts';

/** Why a call was refused before any effect (spec 03 §1, §1.5; spec 05). */
export type CallError =
  | { readonly code: 'FRAMEWORK_ID_MISSING' }
  | { readonly code: 'FRAMEWORK_UNKNOWN'; readonly frameworkId: FrameworkId }
  | { readonly code: 'FRAMEWORK_NOT_SUBSCRIBED'; readonly frameworkId: FrameworkId }
  | { readonly code: 'STREAM_MISMATCH'; readonly frameworkId: FrameworkId }
  | { readonly code: 'FRAMEWORK_ID_MISMATCH' }
  /** The caller proved to be somebody else than the framework says it is (400). */
  | { readonly code: 'PRINCIPAL_MISMATCH'; readonly authenticated: string; readonly claimed: string | null }
  | { readonly code: 'FRAMEWORK_INVALID'; readonly message: string }
  | { readonly code: 'NOT_LEADING' }
  /** Of an operator's call: what it says is invalid, or names what is not there (400). */
  | { readonly code: 'CALL_INVALID'; readonly message: string }
  | { readonly code: 'NOT_AUTHORIZED'; readonly message: string }
  | { readonly code: 'NOT_FOUND'; readonly message: string }
  /** What the call needs is not there now: not enough free resources, a transition under way (409). */
  | { readonly code: 'CONFLICT'; readonly message: string }
  /** Another transition of the same object is under way; the same call may succeed later (503). */
  | { readonly code: 'IN_TRANSITION'; readonly message: string }
  /** The principal has used up its rate; `retryAfter` says when the next call is taken (spec 14 §4). */
  | { readonly code: 'RATE_LIMITED'; readonly principal: string | null; readonly retryAfter: Micros }
  | { readonly code: 'NOT_SUPPORTED'; readonly call: string };

/** HTTP status of each refusal. */
export const CALL_ERROR_STATUS: { readonly [Code in CallError['code']]: number } = {
  FRAMEWORK_ID_MISSING: 400,
  FRAMEWORK_UNKNOWN: 400,
  FRAMEWORK_NOT_SUBSCRIBED: 403,
  STREAM_MISMATCH: 400,
  FRAMEWORK_ID_MISMATCH: 400,
  PRINCIPAL_MISMATCH: 400,
  FRAMEWORK_INVALID: 400,
  NOT_LEADING: 503,
  CALL_INVALID: 400,
  NOT_AUTHORIZED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  IN_TRANSITION: 503,
  RATE_LIMITED: 429,
  NOT_SUPPORTED: 501,
};

/** Text for the caller: what was wrong, which object, what would be accepted. */
export function callErrorText(error: CallError): string {
  switch (error.code) {
    case 'FRAMEWORK_ID_MISSING':
      return "Expecting 'framework_id' to be present";
    case 'FRAMEWORK_UNKNOWN':
      return 'Framework cannot be found: subscribe first, then call with the framework_id of the SUBSCRIBED event';
    case 'FRAMEWORK_NOT_SUBSCRIBED':
      return 'Framework is not subscribed: its stream is closed; subscribe again';
    case 'STREAM_MISMATCH':
      return 'The stream ID of the call does not match the framework’s live subscription; a newer one has replaced it';
    case 'FRAMEWORK_ID_MISMATCH':
      return "'framework_id' differs from 'subscribe.framework_info.id': they must be equal";
    case 'PRINCIPAL_MISMATCH':
      return error.claimed === null
        ? `Authenticated principal '${error.authenticated}' cannot call for a framework without a principal`
        : `Authenticated principal '${error.authenticated}' does not match principal '${error.claimed}' set in 'FrameworkInfo'`;
    case 'FRAMEWORK_INVALID':
    case 'CALL_INVALID':
    case 'NOT_AUTHORIZED':
    case 'NOT_FOUND':
    case 'CONFLICT':
    case 'IN_TRANSITION':
      return error.message;
    case 'RATE_LIMITED':
      if (error.principal === null)
        return `Callers without a principal have used up the rate that they share: retry in ${microsToSeconds(error.retryAfter)} s`;
      return `Principal '${error.principal}' has used up its rate of calls: retry in ${microsToSeconds(error.retryAfter)} s`;
    case 'NOT_LEADING':
      return 'This master does not lead or has not recovered yet: retry at the leader';
    case 'NOT_SUPPORTED':
      return `${error.call} is not supported by this master`;
  }
}
