import type { FrameworkId } from '../core/index.ts';

/** Why a scheduler call was refused before any effect (spec 03 §1, §1.5). */
export type CallError =
  | { readonly code: 'FRAMEWORK_ID_MISSING' }
  | { readonly code: 'FRAMEWORK_UNKNOWN'; readonly frameworkId: FrameworkId }
  | { readonly code: 'FRAMEWORK_NOT_SUBSCRIBED'; readonly frameworkId: FrameworkId }
  | { readonly code: 'STREAM_MISMATCH'; readonly frameworkId: FrameworkId }
  | { readonly code: 'FRAMEWORK_ID_MISMATCH' }
  | { readonly code: 'FRAMEWORK_INVALID'; readonly message: string }
  | { readonly code: 'NOT_LEADING' }
  | { readonly code: 'NOT_SUPPORTED'; readonly call: string };

/** HTTP status of each refusal. */
export const CALL_ERROR_STATUS: { readonly [Code in CallError['code']]: number } = {
  FRAMEWORK_ID_MISSING: 400,
  FRAMEWORK_UNKNOWN: 400,
  FRAMEWORK_NOT_SUBSCRIBED: 403,
  STREAM_MISMATCH: 400,
  FRAMEWORK_ID_MISMATCH: 400,
  FRAMEWORK_INVALID: 400,
  NOT_LEADING: 503,
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
    case 'FRAMEWORK_INVALID':
      return error.message;
    case 'NOT_LEADING':
      return 'This master does not lead or has not recovered yet: retry at the leader';
    case 'NOT_SUPPORTED':
      return `${error.call} is not supported by this master`;
  }
}
