import type { Micros } from '../../../engine/core/index.ts';

/** `toMaster` is what parties send, `fromMaster` what the master sends. */
export type Direction = 'toMaster' | 'fromMaster';

/** Which connections a fault of the network strikes: those of agents, or those of frameworks. */
export type Side = 'agents' | 'frameworks';

/** A fault that waits for the next message it fits, and strikes once. */
export interface Mischief {
  /** `reorder`: the message is late, and the end that is closed before it arrives speaks on another connection meanwhile. */
  readonly kind: 'loss' | 'duplication' | 'delay' | 'reorder';
  readonly side: Side;
  readonly direction: Direction;
  /** For `delay` and `reorder`: how much longer the message, and so all behind it, takes. */
  readonly delay: Micros;
}

/** Told when a mischief has found its message. */
export interface MischiefWitness {
  struck(mischief: Mischief, party: number): void;
}
