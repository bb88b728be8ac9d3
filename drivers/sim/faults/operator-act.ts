/** What an operator does; which agent, role or framework it is done to is chosen when it is done. */
export type OperatorAct =
  | 'drain'
  | 'drainAndMarkGone'
  | 'deactivate'
  | 'reactivate'
  | 'markGone'
  | 'quota'
  | 'weights'
  | 'reserve'
  | 'volumes'
  | 'maintenance'
  | 'machinesDown'
  | 'teardown';

/** In the order in which plans draw them. */
export const OPERATOR_ACTS: readonly OperatorAct[] = [
  'drain',
  'drainAndMarkGone',
  'deactivate',
  'reactivate',
  'markGone',
  'quota',
  'weights',
  'reserve',
  'volumes',
  'maintenance',
  'machinesDown',
  'teardown',
];

/** When it is done: at the planned instant, or at the first such moment after it. */
export type OperatorMoment =
  | 'at once'
  /** Directly after the leader has asked the store for a write: its call meets the write in flight. */
  | 'after a registry write'
  /** Directly after a master has begun to lead: agents and frameworks are not back yet. */
  | 'after an election'
  /** Directly after offers went out. */
  | 'after an offer'
  /** Directly after an agent has registered. */
  | 'after a registration';

export const OPERATOR_MOMENTS: readonly OperatorMoment[] = [
  'at once',
  'after a registry write',
  'after an election',
  'after an offer',
  'after a registration',
];
