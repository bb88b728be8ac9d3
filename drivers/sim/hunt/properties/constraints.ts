import type { ConstraintGroup, Offer, OfferConstraints } from '../../../../engine/protocol/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

/** S13, placement constraints: no offer is of an agent that the framework's constraints for the role keep away (spec 03 §10). */
export function constraints(scene: Scene): Property {
  const patterns = new Map<string, RegExp>();
  return {
    id: 'S13',
    masterOutput(_now, _master, output) {
      if (output.kind !== 'event' || output.event.type !== 'OFFERS') return;
      for (const offer of output.event.offers) {
        const number = scene.numberOf(offer.frameworkId);
        if (number < 0) continue;
        const options = scene.scenario.frameworks[number]!;
        expectThat(
          admits(options.offerConstraints, offer, patterns),
          'S13',
          () =>
            `framework ${offer.frameworkId} is offered agent ${offer.agentId} (${offer.agent.hostname}) in role ${offer.role} against its constraints`,
        );
        expectThat(
          options.info.capabilities.includes('GPU_RESOURCES') || offer.agent.resources.gpus === 0,
          'S13',
          () =>
            `framework ${offer.frameworkId} without GPU_RESOURCES is offered agent ${offer.agentId}, which has gpus`,
        );
      }
    },
  };
}

/** The rules in the plainest form. */
function admits(all: OfferConstraints | null, offer: Offer, patterns: Map<string, RegExp>): boolean {
  const groups = all?.roleConstraints.get(offer.role)?.groups;
  if (groups === undefined) return true;
  return groups.some((group) => groupHolds(group, offer, patterns));
}

function groupHolds(group: ConstraintGroup, { agent }: Offer, patterns: Map<string, RegExp>): boolean {
  return group.attributeConstraints.every(({ selector, predicate }) => {
    let text: string | null = null;
    let isThere = false;
    if (selector.kind === 'pseudoattribute') {
      text =
        selector.type === 'HOSTNAME'
          ? agent.hostname
          : selector.type === 'REGION'
            ? (agent.domain?.region ?? null)
            : (agent.domain?.zone ?? null);
      isThere = text !== null;
    } else {
      const attribute = agent.attributes.find((one) => one.name === selector.name);
      isThere = attribute !== undefined;
      text = attribute?.type === 'TEXT' ? attribute.text : null;
    }
    switch (predicate.kind) {
      case 'exists':
        return isThere;
      case 'not_exists':
        return !isThere;
      case 'text_equals':
        return isThere && (text === null || text === predicate.value);
      case 'text_not_equals':
        return !isThere || text === null || text !== predicate.value;
      case 'text_matches':
        return isThere && (text === null || matches(predicate.regex, text, patterns));
      case 'text_not_matches':
        return !isThere || text === null || !matches(predicate.regex, text, patterns);
    }
  });
}

function matches(regex: string, text: string, patterns: Map<string, RegExp>): boolean {
  let pattern = patterns.get(regex);
  if (pattern === undefined) {
    pattern = new RegExp(`^(?:${regex})$`, 'u');
    patterns.set(regex, pattern);
  }
  return pattern.test(text);
}
