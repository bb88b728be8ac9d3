import type { ResourceLabels } from './identity.ts';
import type { JsonObject } from './json-object.ts';

/** `Labels` in v1 JSON. */
export interface LabelsJson {
  readonly labels: readonly { readonly key: string; readonly value?: string }[];
}

/** The labels in field `name`, null when absent. */
export function labelsFromJson(parent: JsonObject, name: string): ResourceLabels | null {
  const object = parent.object(name);
  if (object === null) return null;
  return object
    .objects('labels')
    .map((label) => ({ key: label.requiredText('key'), value: label.text('value') }));
}

export function labelsToJson(labels: ResourceLabels): LabelsJson {
  return { labels: labels.map(({ key, value }) => (value === null ? { key } : { key, value })) };
}
