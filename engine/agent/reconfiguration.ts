import type { AgentInfo, Attribute } from '../protocol/index.ts';
import { type Resource, Resources, resourceText } from '../resources/index.ts';

/** `--reconfiguration_policy`: what may change between two runs on one work directory (spec 12 §2). */
export type ReconfigurationPolicy = 'equal' | 'additive';

/**
 * What in `now` is not compatible with what the agent was on its last run, or null. The first offending item is named. `equal`: nothing may
 * differ. `additive`: a domain, resources and attributes may come, and those that were there may only grow.
 */
export function incompatibility(
  policy: ReconfigurationPolicy,
  before: AgentInfo,
  now: AgentInfo,
): string | null {
  return (
    difference('hostname', before.hostname, now.hostname) ??
    difference('port', before.port, now.port) ??
    domainError(policy, before, now) ??
    attributesError(policy, before.attributes, now.attributes) ??
    resourcesError(policy, before.resources, now.resources)
  );
}

/** What an operator reads when the agent refuses to start. */
export function incompatibilityText(policy: ReconfigurationPolicy, what: string): string {
  return (
    `Incompatible agent info detected (reconfiguration policy '${policy}'): ${what}. ` +
    `Restore the former configuration, or remove the agent's checkpoint to start as a new agent`
  );
}

function difference(name: string, before: string | number, now: string | number): string | null {
  return before === now ? null : `${name} was ${before} and is ${now}`;
}

function domainError(policy: ReconfigurationPolicy, before: AgentInfo, now: AgentInfo): string | null {
  const [was, is] = [domainText(before), domainText(now)];
  if (was === is || (policy === 'additive' && before.domain === null)) return null;
  return `domain was ${was} and is ${is}`;
}

function domainText({ domain }: AgentInfo): string {
  return domain === null ? 'unset' : `${domain.region}/${domain.zone}`;
}

function attributesError(
  policy: ReconfigurationPolicy,
  before: readonly Attribute[],
  now: readonly Attribute[],
): string | null {
  for (const was of before) {
    const is = now.find(({ name, type }) => name === was.name && type === was.type);
    if (is === undefined) {
      const other = now.find(({ name }) => name === was.name);
      return other === undefined
        ? `attribute '${was.name}' is missing`
        : `attribute '${was.name}' was of type ${was.type} and is ${other.type}`;
    }
    const isFine = policy === 'equal' ? attributeText(was) === attributeText(is) : isGrown(was, is);
    if (!isFine) return `attribute '${was.name}' was ${attributeText(was)} and is ${attributeText(is)}`;
  }
  if (policy === 'additive') return null;
  const added = now.find((is) => !before.some(({ name, type }) => name === is.name && type === is.type));
  return added === undefined ? null : `attribute '${added.name}' is new`;
}

function attributeText(attribute: Attribute): string {
  switch (attribute.type) {
    case 'SCALAR':
      return `${attribute.scalar / 1_000}`;
    case 'RANGES':
      return `[${attribute.ranges.map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
    case 'SET':
      return `{${[...attribute.items].sort().join(', ')}}`;
    case 'TEXT':
      return attribute.text;
  }
}

/** Of one type: a scalar not smaller, ranges and sets supersets, text the same. */
function isGrown(was: Attribute, is: Attribute): boolean {
  if (was.type === 'SCALAR' && is.type === 'SCALAR') return is.scalar >= was.scalar;
  if (was.type === 'SET' && is.type === 'SET') return was.items.every((item) => is.items.includes(item));
  if (was.type === 'RANGES' && is.type === 'RANGES')
    return was.ranges.every(({ begin, end }) =>
      is.ranges.some((range) => range.begin <= begin && end <= range.end),
    );
  return was.type === 'TEXT' && is.type === 'TEXT' && was.text === is.text;
}

function resourcesError(policy: ReconfigurationPolicy, before: Resources, now: Resources): string | null {
  const lost = before.entries.find((entry) => !now.contains(Resources.of([entry])));
  if (lost !== undefined)
    return `resource ${resourceText(lost)} is missing or less: there is ${sameName(now, lost)}`;
  if (policy === 'additive') return null;
  const added = now.entries.find((entry) => !before.contains(Resources.of([entry])));
  return added === undefined
    ? null
    : `resource ${resourceText(added)} is new or more: there was ${sameName(before, added)}`;
}

function sameName(resources: Resources, like: Resource): string {
  const same = resources.filter(({ identity }) => identity.name === like.identity.name);
  return same.isEmpty ? 'none' : same.entries.map(resourceText).join(', ');
}
