import type { Micros } from '../../../../engine/core/index.ts';
import { MICROS_PER_SECOND } from '../../../../engine/core/index.ts';
import { boundOf } from '../hunt-case.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

/** Over which messages are counted, at the very end. */
const WINDOW = 60 * MICROS_PER_SECOND;

/**
 * L3, convergence, then silence: when nothing goes wrong any more, what is said in a minute is what heartbeats, pings and declined offers take, and
 * nothing of tasks.
 */
export function silence(scene: Scene): Property {
  let from = Number.POSITIVE_INFINITY;
  let words = 0;
  let orders = 0;
  const isCounted = (now: Micros): boolean => {
    if (from === Number.POSITIVE_INFINITY) from = scene.scenario.horizon + boundOf(scene.scenario) - WINDOW;
    return now >= from;
  };
  return {
    id: 'L3',
    masterOutput(now, _master, output) {
      if (!isCounted(now)) return;
      if (output.kind === 'event' && output.event.type !== 'HEARTBEAT') words++;
      else if (output.kind === 'toAgent' && output.message.type !== 'SHUTDOWN') orders++;
    },
    frameworkOutput(now) {
      if (isCounted(now)) words++;
    },
    settled({ scenario }) {
      const { machines, frameworks, allocator } = scenario;
      const cycles = 1 + WINDOW / allocator.allocationInterval;
      const wordsMax = 64 + 8 * (frameworks.length + 1) * (machines.length + cycles);
      expectThat(words <= wordsMax, 'L3', () => `at rest ${words} calls and events are made in a minute`);
      const away = frameworks.some((one) => one.leavesAt !== null);
      expectThat(
        away || orders === 0,
        'L3',
        () => `at rest the master gives agents ${orders} orders in a minute, and nobody runs anything`,
      );
    },
  };
}
