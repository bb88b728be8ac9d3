import { type Micros, microsToSeconds } from '../../engine/core/index.ts';
import { changeText, shortageText, withheldText } from '../../engine/master/index.ts';
import { Quantities, Resources } from '../../engine/resources/index.ts';
import type { SimulationExplanation } from '../../drivers/sim/index.ts';

/** The explanation as data: every entry with its facts and its text; resources in Mesos's text form, instants in µs. */
export function explanationJson(explained: SimulationExplanation, now: Micros): unknown {
  const { why, head, nameOf } = explained;
  const names = { framework: nameOf };
  return {
    atSeconds: microsToSeconds(now),
    framework: explained.framework,
    role: why.role,
    demand: why.demand?.toString() ?? null,
    tasksQueued: explained.tasksQueued,
    offersHeld: explained.offersHeld,
    head: head === null ? null : { ...head, resources: head.resources.toString() },
    agents: why.agents,
    offerable: why.offerable,
    isDrawn: why.isDrawn,
    roleShare: why.roleShare,
    reasons: why.reasons.map(({ rule, agents, examples }) => ({
      rule,
      agents,
      text: withheldText(examples[0]!.withheld!, why, names),
      examples: examples.map(({ hostname, withheld }) => ({
        hostname,
        withheld: plain(withheld, nameOf),
      })),
    })),
    shortage:
      why.shortage === null
        ? null
        : { ...(plain(why.shortage, nameOf) as object), text: shortageText(why.shortage, names) },
    suggestions: why.suggestions.map(({ changes, agents }) => ({
      agents,
      changes: changes.map((change) => ({
        ...(plain(change, nameOf) as object),
        text: changeText(change, why, names),
      })),
    })),
  };
}

/** Data as JSON: amounts as text, frameworks by name. */
function plain(value: unknown, nameOf: SimulationExplanation['nameOf']): unknown {
  if (value instanceof Quantities || value instanceof Resources) return value.toString();
  if (Array.isArray(value)) return value.map((entry) => plain(entry, nameOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      key === 'framework' ? nameOf(entry as never) : plain(entry, nameOf),
    ]),
  );
}
