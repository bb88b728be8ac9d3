import { milli, type Milli } from '../../../engine/core/index.ts';
import type { Shortage } from '../../../engine/master/index.ts';
import type { Quantities } from '../../../engine/resources/index.ts';
import type { AgentRow } from '../agent-row.ts';
import type { Books } from '../books.ts';
import { holdersOf } from './facts.ts';

/** Why no agent has `demand` free for the role, if none has: too small when empty, or in use. */
export function shortageOf(books: Books, demand: Quantities, role: string): Shortage | null {
  const rows = books.agents.filter((row) => row != null);
  const totals = rows.map((row) => row.total.allocatableTo(role).quantities());
  for (let index = 0; index < demand.names.length; index++) {
    const name = demand.names[index]!;
    const wanted = demand.values[index]!;
    const most = totals.reduce((largest, total) => Math.max(largest, total.get(name)), 0);
    if (most < wanted) return { kind: 'noAgentHas', name, wanted, most: milli(most) };
  }
  const large = rows.filter((_, index) => totals[index]!.contains(demand));
  if (large.length === 0) {
    const nearest = leastMissing(rows, demand, (row) => row.total.allocatableTo(role).quantities());
    if (nearest === null) return null;
    return { kind: 'noAgentFits', hostname: nearest.row.hostname, missing: nearest.missing };
  }
  const free = leastMissing(large, demand, (row) => row.free.allocatableTo(role).quantities())!;
  if (free.missing.isEmpty) return null;
  const holders = holdersOf(books, free.row);
  return { kind: 'inUse', hostname: free.row.hostname, missing: free.missing, holders };
}

/** The agent that lacks least, by the largest part of any kind; the first of equals. */
function leastMissing(
  rows: readonly AgentRow[],
  demand: Quantities,
  has: (row: AgentRow) => Quantities,
): { readonly row: AgentRow; readonly missing: Quantities } | null {
  let best: { row: AgentRow; missing: Quantities } | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const missing = demand.minus(has(row));
    const part = missing.names.reduce((largest, name, index) => {
      const lacking: Milli = missing.values[index]!;
      return Math.max(largest, lacking / demand.get(name));
    }, 0);
    if (part >= least) continue;
    least = part;
    best = { row, missing };
  }
  return best;
}
