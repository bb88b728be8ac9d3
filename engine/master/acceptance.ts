import type { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Role } from './allocator.ts';
import type { AcceptRuling } from './authorization-questions.ts';
import type { FrameworkRecord } from './framework-record.ts';

/** What an ACCEPT works on: one role of one framework on one agent, and what is left of the offers so far. */
export interface Acceptance {
  readonly framework: FrameworkRecord;
  readonly agent: AgentRecord;
  readonly role: Role;
  readonly roleName: string;
  /** The sum of the offers. */
  readonly offered: Resources;
  /** Shared volumes that were offered or made, one copy each: tasks may use more copies than there are (spec 02 §10). */
  sharable: Resources;
  /** What the next operation may consume. */
  remaining: Resources;
  /** What operations made that no later one of the call may consume (spec 03 §5). */
  setAside: Resources;
  /** Whether an operation changed what is there. */
  isConverted: boolean;
  /** Null unless an authorizer was asked. */
  readonly ruling: AcceptRuling | null;
}
