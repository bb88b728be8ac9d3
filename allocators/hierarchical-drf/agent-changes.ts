import type { AllocatorAgent } from '../../engine/master/index.ts';
import type { AgentCapability, Attribute, DomainInfo } from '../../engine/protocol/index.ts';
import type { AgentRow } from './agent-row.ts';

/** Whether an agent reports nothing new: then no cycle is started for it. */
export function isSameInfo(row: AgentRow, info: AllocatorAgent): boolean {
  return (
    row.hostname === info.hostname &&
    row.total.equals(info.total) &&
    sameCapabilities(row.capabilities, info.capabilities) &&
    sameDomain(row.domain, info.domain) &&
    sameAttributes(row.attributes, info.attributes)
  );
}

/** In order, names and values. */
export function sameAttributes(a: readonly Attribute[], b: readonly Attribute[]): boolean {
  return (
    a === b || (a.length === b.length && a.every((attribute, index) => sameAttribute(attribute, b[index]!)))
  );
}

function sameAttribute(a: Attribute, b: Attribute): boolean {
  if (a.name !== b.name) return false;
  switch (a.type) {
    case 'SCALAR':
      return b.type === 'SCALAR' && a.scalar === b.scalar;
    case 'TEXT':
      return b.type === 'TEXT' && a.text === b.text;
    case 'SET':
      return (
        b.type === 'SET' &&
        a.items.length === b.items.length &&
        a.items.every((item, index) => item === b.items[index])
      );
    case 'RANGES':
      return (
        b.type === 'RANGES' &&
        a.ranges.length === b.ranges.length &&
        a.ranges.every(
          ({ begin, end }, index) => begin === b.ranges[index]!.begin && end === b.ranges[index]!.end,
        )
      );
    default:
      return false;
  }
}

function sameCapabilities(a: readonly AgentCapability[], b: readonly AgentCapability[]): boolean {
  return (
    a === b ||
    (a.every((capability) => b.includes(capability)) && b.every((capability) => a.includes(capability)))
  );
}

function sameDomain(a: DomainInfo | null, b: DomainInfo | null): boolean {
  return a === b || (a !== null && b !== null && a.region === b.region && a.zone === b.zone);
}
