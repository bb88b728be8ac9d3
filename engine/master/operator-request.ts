import { refuse } from './frameworks.ts';
import type { RequestId } from './input.ts';
import type { OperatorOperation } from './registrar.ts';
import type { MasterState } from './state.ts';

/** One call of an operator on its way: whom to answer, and who asks. */
export interface OperatorRequest {
  readonly request: RequestId;
  readonly principal: string | null;
}

/** The call took effect. Nothing to say where nobody asked. */
export function answer(master: MasterState, from: OperatorRequest | null, status: 200 | 202 = 200): void {
  if (from !== null) master.out.push({ kind: 'answerCall', request: from.request, status });
}

/** What the call says is invalid, or names what is not there: 400. */
export function refuseInvalid(master: MasterState, from: OperatorRequest, message: string): void {
  refuse(master, from.request, { code: 'CALL_INVALID', message });
}

/** Writes the change; it takes effect, and is answered, once that is durable (`operator-effects.ts`). */
export function change(
  master: MasterState,
  from: OperatorRequest | null,
  operation: OperatorOperation,
): void {
  master.persist(operation, { kind: 'operator', operation, from });
}
