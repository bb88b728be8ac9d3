import { microsToSeconds } from '../../../engine/core/index.ts';
import {
  CALL_ERROR_STATUS,
  type CallError,
  callErrorText,
  type RequestId,
} from '../../../engine/master/index.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { Refusal } from '../http/refusal.ts';

type Answer = (outcome: { readonly status: 200 | 202 } | CallError) => void;

/** Calls that the master has not answered yet, by number. */
export class Calls {
  #next = 0;
  readonly #waiting = new Map<RequestId, Answer>();

  get size(): number {
    return this.#waiting.size;
  }

  /** A number for a call; `answer` is called at most once, perhaps before `open` has returned. */
  open(answer: Answer): RequestId {
    const request = ++this.#next as RequestId;
    this.#waiting.set(request, answer);
    return request;
  }

  /** The call needs no answer any more. */
  close(request: RequestId): void {
    this.#waiting.delete(request);
  }

  answered(request: RequestId, status: 200 | 202): void {
    this.#settle(request, { status });
  }

  refused(request: RequestId, error: CallError): void {
    this.#settle(request, error);
  }

  #settle(request: RequestId, outcome: Parameters<Answer>[0]): void {
    const answer = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (answer !== undefined) answer(outcome);
  }
}

/** A refusal of the master as the caller sees it. */
export function refusalOf(ids: IdTexts, error: CallError): Refusal {
  const headers: { [name: string]: string } = {};
  if (error.code === 'RATE_LIMITED')
    headers['Retry-After'] = String(Math.ceil(microsToSeconds(error.retryAfter)));
  if (error.code === 'NOT_LEADING' || error.code === 'IN_TRANSITION') headers['Retry-After'] = '1';
  return new Refusal(CALL_ERROR_STATUS[error.code], ids.mentioned(callErrorText(error)), headers);
}
