/** What parties see of the masters. */
export interface LeaderView {
  /** Number of the master that the party takes for the leader and that takes its connection; -1 for none. */
  leaderFor(party: number): number;
  /** Whether nothing comes from that master although its connections are open: its process stands still. */
  isSilent(master: number): boolean;
}

export const NO_MASTER = -1;
