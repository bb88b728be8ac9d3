import { Quantities, Resources } from '../../../engine/resources/index.ts';

/** An output as text for a person who compares two: resources in their text form, maps as lists of pairs. */
export function renderOutput(output: object): string {
  return JSON.stringify(output, (_key, value: unknown) => {
    if (value instanceof Resources || value instanceof Quantities) return value.toString();
    if (value instanceof Map) return [...value];
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    return value;
  });
}
