import { assertNever, fromMilli } from '../../engine/core/index.ts';
import type { AgentInfo, Attribute } from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { JobTasks, PlacementConstraint } from '../../engine/workload/index.ts';

/** What one task asks of the agent it runs on. */
export interface Shape {
  /** Thousandths; mem and disk of a MiB. */
  readonly cpus: number;
  readonly mem: number;
  readonly gpus: number;
  readonly disk: number;
  readonly resources: Resources;
  readonly constraints: readonly PlacementConstraint[];
  /** Unreserved resources only. */
  readonly isPlain: boolean;
  /** Plain, and nothing but the four scalars above: comparing them says all. */
  readonly isVector: boolean;
}

export function shapeOf(tasks: JobTasks): Shape {
  const resources = tasks.resources;
  const { cpus, mem, gpus, disk } = resources;
  return {
    cpus,
    mem,
    gpus,
    disk,
    resources,
    constraints: tasks.constraints,
    isPlain: resources.isPlain,
    isVector: resources.isPlain && resources.equals(Resources.ofScalars({ cpus, mem, gpus, disk })),
  };
}

/** Whether every constraint holds on the agent. O(constraints × attributes), both few. */
export function satisfies(
  agent: Pick<AgentInfo, 'attributes'>,
  constraints: readonly PlacementConstraint[],
): boolean {
  for (let index = 0; index < constraints.length; index++) {
    const constraint = constraints[index]!;
    const attribute = firstNamed(agent.attributes, constraint.attribute);
    const matches = attribute !== null && matchesAny(attribute, constraint.values);
    if (matches !== (constraint.operator === 'IN')) return false;
  }
  return true;
}

/** The first attribute of a name counts (spec 02 §3). */
function firstNamed(attributes: readonly Attribute[], name: string): Attribute | null {
  for (let index = 0; index < attributes.length; index++) {
    if (attributes[index]!.name === name) return attributes[index]!;
  }
  return null;
}

/** Text and sets compare by their words, a scalar by its decimal text, ranges by the integers they hold. */
function matchesAny(attribute: Attribute, values: readonly string[]): boolean {
  switch (attribute.type) {
    case 'TEXT':
      return values.includes(attribute.text);
    case 'SCALAR':
      return values.includes(String(fromMilli(attribute.scalar)));
    case 'SET':
      return attribute.items.some((item) => values.includes(item));
    case 'RANGES':
      return values.some((value) => {
        const number = Number(value);
        return attribute.ranges.some((range) => range.begin <= number && number <= range.end);
      });
    default:
      return assertNever(attribute);
  }
}
