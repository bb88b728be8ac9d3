import type { Micros } from '../../../engine/core/index.ts';
import type {
  AgentVerdict,
  AllocationExplanation,
  Framework,
  ReasonGroup,
  Role,
  WithholdingRule,
} from '../../../engine/master/index.ts';
import { type Quantities, Resources } from '../../../engine/resources/index.ts';
import { newClient } from '../client.ts';
import { NO_ROLE } from '../role-book.ts';
import { groupKey, withheldBy } from './facts.ts';
import { noHypothesis, type Scene } from './hypothesis.ts';
import { Rehearsal } from './rehearsal.ts';
import { shortageOf } from './shortage.ts';
import { Suggestions } from './suggestions.ts';

const EXAMPLES_MAX = 3;
/** Stands in the share table for a client that is in none of its rows. */
const NO_ROW = -1;

/** See `ExplainingAllocator.explain`. */
export function explain(
  scene: Scene,
  now: Micros,
  framework: Framework,
  role: string,
  demand: Quantities | null,
): AllocationExplanation {
  const { books } = scene;
  const number = books.roles.find(role);
  // A client that does not exist is explained as one that never subscribed.
  const client =
    (number === null ? null : books.client(framework, number)) ??
    newClient(NO_ROW, framework, number ?? (NO_ROLE as Role));
  const hypothesis = noHypothesis(scene, client, now);
  const rehearsal = new Rehearsal(scene, hypothesis, demand, null);
  const verdicts = rehearsal.outcomes.map((outcome): AgentVerdict => {
    const withheld = withheldBy(outcome, rehearsal, scene, hypothesis, demand);
    const isOffered = withheld === null || withheld.rule === 'fit';
    const { agent, hostname } = outcome.row;
    return { agent, hostname, withheld, offer: isOffered ? outcome.offer : Resources.EMPTY };
  });
  return {
    now,
    framework,
    role,
    demand,
    agents: verdicts.length,
    offerable: rehearsal.count,
    isDrawn: scene.drawn.roles || scene.drawn.frameworks,
    roleShare: number === null ? 0 : books.tree.share(number),
    reasons: groups(verdicts),
    suggestions: new Suggestions(scene, now, demand).find(hypothesis, rehearsal),
    shortage: demand === null ? null : shortageOf(books, demand, role),
    verdicts,
  };
}

/** Largest first; of equals the one met first. */
function groups(verdicts: readonly AgentVerdict[]): readonly ReasonGroup[] {
  const byKey = new Map<
    string,
    { readonly rule: WithholdingRule; agents: number; readonly examples: AgentVerdict[] }
  >();
  for (const verdict of verdicts) {
    const { withheld } = verdict;
    if (withheld === null) continue;
    const key = groupKey(withheld);
    const group = byKey.get(key);
    if (group === undefined) {
      byKey.set(key, { rule: withheld.rule, agents: 1, examples: [verdict] });
      continue;
    }
    group.agents++;
    if (group.examples.length < EXAMPLES_MAX) group.examples.push(verdict);
  }
  return [...byKey.values()].sort((a, b) => b.agents - a.agents);
}
