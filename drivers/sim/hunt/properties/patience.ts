import type { Micros } from '../../../../engine/core/index.ts';
import { MICROS_PER_SECOND } from '../../../../engine/core/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

interface Sent {
  at: number;
  /** Least wait before the next repetition. */
  least: number;
}

/**
 * L7 and C1, no storms: an agent repeats an unacknowledged update no sooner than after the first wait, which doubles up to its maximum; and it asks to
 * be registered a bounded number of times in any ten seconds.
 */
export function patience(scene: Scene): Property {
  const { machines, agent } = scene.scenario;
  /** Last sending of the head of each stream, per machine, by update id. */
  const sent = machines.map(() => new Map<number, Sent>());
  const attempts = machines.map(() => [] as Micros[]);
  return {
    id: 'L7',
    agentOutput(now, machine, output) {
      if (output.kind !== 'toMaster') return;
      const { message } = output;
      if (message.type === 'STATUS_UPDATE') {
        const updates = sent[machine]!;
        const before = updates.get(message.status.uuid!);
        if (before === undefined) {
          updates.set(message.status.uuid!, { at: now, least: agent.statusUpdateRetry });
          if (updates.size > UPDATES_KEPT) updates.delete(updates.keys().next().value!);
          return;
        }
        const gap = now - before.at;
        expectThat(
          gap >= before.least - ROUNDING,
          'L7',
          () =>
            `the agent on machine ${machine} repeats update ${message.status.uuid} after ${gap} µs, and ${before.least} µs is the least by now`,
        );
        before.at = now;
        before.least = Math.min(2 * before.least, agent.statusUpdateRetryMax);
      } else if (message.type === 'REREGISTER_AGENT' || message.type === 'REGISTER_AGENT') {
        // A registration starts every stream anew.
        sent[machine]!.clear();
        const times = attempts[machine]!;
        times.push(now);
        while (times[0]! < now - 10 * MICROS_PER_SECOND) times.shift();
        expectThat(
          times.length <= ATTEMPTS_MAX,
          'L7',
          () => `the agent on machine ${machine} asks ${times.length} times in ten seconds to be registered`,
        );
      }
    },
  };
}

const UPDATES_KEPT = 256;
const ATTEMPTS_MAX = 60;
const ROUNDING = 2;
