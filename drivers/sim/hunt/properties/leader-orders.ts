import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

/** S6, a single writer: an agent starts something only while it is registered, with the master whose order it is; and epochs only grow. */
export function leaderOrders(scene: Scene): Property {
  let newest = 0;
  let durable = 0;
  return {
    id: 'S6',
    agentOutput(_now, machine, output) {
      if (output.kind !== 'launchContainer') return;
      const { spec } = output;
      // What is nested is started when its pod runs, whoever leads then.
      if (spec.kind === 'podTask') return;
      expectThat(
        scene.agent(machine)?.isRegistered === true,
        'S6',
        () => `the agent on machine ${machine} obeys an order to launch although no master has registered it`,
      );
    },
    check({ registry, leader }) {
      if (leader !== null) {
        expectThat(
          leader.epoch >= newest,
          'S6',
          () => `a master of epoch ${leader.epoch} leads after one of epoch ${newest}`,
        );
        newest = leader.epoch;
      }
      expectThat(
        registry.epoch >= durable,
        'S6',
        () => `the registry was of epoch ${durable}, and goes back to ${registry.epoch}`,
      );
      durable = registry.epoch;
    },
  };
}
