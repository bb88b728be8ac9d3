import { expect, test } from 'vitest';
import { type ResourceError, resourceErrorText } from './index.ts';

/** One of each code; a code without an entry here does not compile. */
const EXAMPLES: { readonly [Code in ResourceError['code']]: Extract<ResourceError, { code: Code }> } = {
  TEXT_MALFORMED: { code: 'TEXT_MALFORMED', item: 'cpus', reason: 'COLON_MISSING' },
  JSON_MALFORMED: { code: 'JSON_MALFORMED', path: 'resources[0].name', expected: 'a string' },
  NAME_EMPTY: { code: 'NAME_EMPTY' },
  TYPE_INVALID: { code: 'TYPE_INVALID', name: 'cpus', type: 'TEXT' },
  TYPES_MIXED: { code: 'TYPES_MIXED', name: 'cpus' },
  VALUE_MISMATCH: { code: 'VALUE_MISMATCH', name: 'cpus', type: 'SET' },
  SCALAR_INVALID: { code: 'SCALAR_INVALID', name: 'cpus', value: '-1' },
  SCALAR_TOO_SMALL: { code: 'SCALAR_TOO_SMALL', name: 'cpus', value: '0.0001' },
  SCALAR_TOO_LARGE: { code: 'SCALAR_TOO_LARGE', name: 'cpus', value: '1e20' },
  RANGE_INVALID: { code: 'RANGE_INVALID', name: 'ports', range: '[2-1]' },
  RANGES_OVERLAP: { code: 'RANGES_OVERLAP', name: 'ports' },
  SET_REPEATS: { code: 'SET_REPEATS', name: 'names', item: 'a' },
  ROLE_INVALID: { code: 'ROLE_INVALID', role: 'a//b', reason: 'EMPTY_COMPONENT' },
  RESERVATION_INVALID: { code: 'RESERVATION_INVALID', name: 'cpus', reason: 'ROLE_DEFAULT' },
  FORMATS_MIXED: { code: 'FORMATS_MIXED' },
  DISK_INVALID: { code: 'DISK_INVALID', name: 'cpus', reason: 'NOT_A_DISK' },
  SHARED_NOT_PERSISTENT: { code: 'SHARED_NOT_PERSISTENT', name: 'cpus' },
  LIMIT_REPEATED: { code: 'LIMIT_REPEATED', name: 'cpus' },
  COMMAND_LINE_REFUSED: { code: 'COMMAND_LINE_REFUSED', resource: 'cpus{revocable}:1', reason: 'REVOCABLE' },
  NOT_CONTAINED: { code: 'NOT_CONTAINED', operation: 'RESERVE', needed: 'cpus:2', held: 'cpus:1' },
  NOT_RESERVED: { code: 'NOT_RESERVED', operation: 'UNRESERVE', resource: 'cpus:1' },
  NOT_A_VOLUME: { code: 'NOT_A_VOLUME', operation: 'CREATE', resource: 'disk:1' },
  VOLUME_STILL_SHARED: { code: 'VOLUME_STILL_SHARED', volume: 'disk(a){volume=1,shared}:1' },
  RESIZE_INVALID: { code: 'RESIZE_INVALID', volume: 'disk(a){volume=1}:1', reason: 'AMOUNT' },
};

test('every refusal has a text of its own that names what it is about', () => {
  const texts = Object.values(EXAMPLES).map((error) => {
    const text = resourceErrorText(error);
    for (const [field, value] of Object.entries(error)) {
      if (field !== 'code' && field !== 'reason') expect(text).toContain(value);
    }
    expect(text).not.toContain('undefined');
    return text;
  });
  expect(new Set(texts).size).toBe(texts.length);
});
