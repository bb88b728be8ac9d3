import type { DeclineCall } from '../protocol/index.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { refusal, returnOffer } from './offers.ts';
import type { MasterState } from './state.ts';

/** DECLINE: unknown ids are ignored (spec 03 §7). */
export function decline(master: MasterState, framework: FrameworkRecord, call: DeclineCall): void {
  const refuse = refusal(call.filters);
  const { offerIds } = call;
  for (let index = 0; index < offerIds.length; index++) {
    const slot = master.offers.slotOf(offerIds[index]!);
    if (slot === -1 || master.offers.framework(slot) !== framework) continue;
    returnOffer(master, slot, refuse);
    master.stats.offersDeclined++;
    if (framework.counters !== null) framework.counters.offersDeclined++;
  }
}
