import { fromMilli, microsToSeconds, type Micros } from '../../../engine/core/index.ts';
import type { Attribute, DomainInfo, Labels } from '../../../engine/protocol/index.ts';
import {
  type Resources,
  resourcesSummary,
  resourcesToJson,
  itemsText,
  rangesText,
} from '../../../engine/resources/index.ts';

// Pieces of the JSON of the endpoints of old (spec 05 §D, 02 §12).

export function summaryText(resources: Resources): string {
  return JSON.stringify(resourcesSummary(resources));
}

/** `{name: value}`: scalars as numbers, all else as text. */
export function attributesText(attributes: readonly Attribute[]): string {
  const entries = attributes.map((attribute): [string, number | string] => {
    switch (attribute.type) {
      case 'SCALAR':
        return [attribute.name, fromMilli(attribute.scalar)];
      case 'RANGES':
        return [attribute.name, rangesText(attribute.ranges)];
      case 'SET':
        return [attribute.name, itemsText(attribute.items)];
      case 'TEXT':
        return [attribute.name, attribute.text];
    }
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** Labels are a bare array here. */
export function labelsText(labels: Labels | null): string {
  if (labels === null) return '[]';
  return JSON.stringify(labels.map(({ key, value }) => (value === null ? { key } : { key, value })));
}

export function domainText(domain: DomainInfo): string {
  return JSON.stringify({ fault_domain: { region: { name: domain.region }, zone: { name: domain.zone } } });
}

export function secondsText(time: Micros | null): string {
  return time === null ? '0' : String(microsToSeconds(time));
}

/** Messages in the endpoint format. */
export function fullText(resources: Resources): string {
  return JSON.stringify(resourcesToJson(resources, 'endpoint'));
}

/** By role of the reservation, each with `text`. */
export function reservedText(resources: Resources, text: (resources: Resources) => string): string {
  const reserved = resources.reserved();
  if (reserved.isEmpty) return '{}';
  const roles = new Set<string>();
  for (const { identity } of reserved.entries) roles.add(identity.reservations.at(-1)!.role);
  return `{${Array.from(roles, (role) => `${JSON.stringify(role)}:${text(reserved.reserved(role))}`).join(',')}}`;
}
