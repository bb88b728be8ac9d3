import { Resources, resourceErrorText, resourcesToJson } from '../../engine/resources/index.ts';
import { UsageError } from '../usage-error.ts';
import { type Json, list, object, word } from './operator-api.ts';

/** Scalars by name of a list of `Resource` messages, summed over reservations and the rest. */
export function scalarsOf(resources: unknown): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of list(resources)) {
    const value = object(one['scalar'])['value'];
    if (typeof value !== 'number') continue;
    const name = word(one['name']) + (one['revocable'] === undefined ? '' : '_revocable');
    // Thousandths are exact, as everywhere in Mesos.
    sums.set(name, Math.round((sums.get(name) ?? 0) * 1_000 + value * 1_000) / 1_000);
  }
  return sums;
}

/** `cpus:4 mem:1024`, the usual kinds first. */
export function resourcesText(resources: unknown): string {
  const sums = scalarsOf(resources);
  const first = ['cpus', 'mem', 'disk', 'gpus'].filter((name) => (sums.get(name) ?? 0) > 0);
  const rest = [...sums.keys()].filter((name) => !['cpus', 'mem', 'disk', 'gpus'].includes(name)).sort();
  return [...first, ...rest].map((name) => `${name}:${sums.get(name)!}`).join(' ') || '-';
}

/** `Resource` messages of `cpus:1;mem:32`. Throws UsageError. */
export function resourceMessages(option: string, text: string): readonly Json[] {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new UsageError(`${option} ${text}: ${resourceErrorText(parsed.error)}`);
  if (parsed.value.isEmpty) throw new UsageError(`${option} ${text}: nothing; give such as cpus:1;mem:32`);
  return resourcesToJson(parsed.value, 'post') as unknown as readonly Json[];
}

/** Scalars by name for quotas: `cpus:10;mem:4096` as the API's map. Throws UsageError. */
export function quantityMap(option: string, text: string): Json {
  const map: { [name: string]: Json } = {};
  for (const part of text.split(';').filter((one) => one.trim() !== '')) {
    const match = /^\s*([\w.-]+)\s*:\s*(\d+(?:\.\d+)?)\s*$/.exec(part);
    if (match === null) throw new UsageError(`${option} ${text}: ${part} is not of the form name:amount`);
    map[match[1]!] = { value: Number(match[2]) };
  }
  return map;
}
