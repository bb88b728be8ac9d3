import type { PlacementConstraint } from '../../engine/workload/index.ts';

/**
 * Constraints in one field: `gpu_model=A100|V100;zone!=b` (in one of, not in one of). Names and values are percent-encoded where they
 * hold what separates them.
 */
export function formatConstraints(constraints: readonly PlacementConstraint[]): string {
  return constraints
    .map(({ attribute, operator, values }) => {
      const mark = operator === 'IN' ? '=' : '!=';
      return `${encodeText(attribute)}${mark}${values.map(encodeText).join('|')}`;
    })
    .join(';');
}

/** Null if `text` is no list of constraints. */
export function parseConstraints(text: string): PlacementConstraint[] | null {
  if (text === '') return [];
  const constraints: PlacementConstraint[] = [];
  for (const part of text.split(';')) {
    const match = /^([^=!]+)(!?=)([^=!]*)$/.exec(part);
    if (match === null) return null;
    const attribute = decodeText(match[1]!);
    const values = match[3]!.split('|').map(decodeText);
    if (attribute === null || values.some((value) => value === null)) return null;
    constraints.push({
      attribute,
      operator: match[2] === '=' ? 'IN' : 'NOT_IN',
      values: values as string[],
    });
  }
  return constraints;
}

const SPECIAL = /[%|;=!,"\p{Cc}]/gu;

/** Percent-encodes what our fields use as marks, and what a CSV line cannot hold. */
export function encodeText(text: string): string {
  return text.replace(SPECIAL, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Null if a `%` is not followed by two hexadecimal digits. */
export function decodeText(text: string): string | null {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return null;
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
