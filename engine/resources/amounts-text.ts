import { err, type Milli, ok, type Result } from '../core/index.ts';
import { scalarAmount } from './number-text.ts';
import type { ResourceError } from './resource-error.ts';
import { parseValue } from './value-text.ts';

/** `cpus:1;mem:512`: names with amounts and nothing else, in the order given, zeros and repeated names kept. */
export function parseAmounts(text: string): Result<readonly (readonly [string, Milli])[], ResourceError> {
  const amounts: (readonly [string, Milli])[] = [];
  for (const item of text.split(';')) {
    if (item.trim() === '') continue;
    const amount = parseAmount(item.trim());
    if (!amount.ok) return amount;
    amounts.push(amount.value);
  }
  return ok(amounts);
}

function parseAmount(item: string): Result<readonly [string, Milli], ResourceError> {
  const colon = item.indexOf(':');
  if (colon < 0) return err({ code: 'TEXT_MALFORMED', item, reason: 'COLON_MISSING' });
  if (item.includes(':', colon + 1)) return err({ code: 'TEXT_MALFORMED', item, reason: 'COLON_EXTRA' });
  const name = item.slice(0, colon).trim();
  if (name === '') return err({ code: 'NAME_EMPTY' });
  if (name.includes('(') || name.includes('{')) {
    return err({ code: 'TEXT_MALFORMED', item, reason: 'VALUE_NOT_A_QUANTITY' });
  }
  const value = parseValue(item.slice(colon + 1));
  if (!value.ok) return err({ code: 'TEXT_MALFORMED', item, reason: value.error });
  if (value.value.type !== 'SCALAR') {
    return err({ code: 'TEXT_MALFORMED', item, reason: 'VALUE_NOT_A_QUANTITY' });
  }
  const amount = scalarAmount(name, value.value.scalar);
  return amount.ok ? ok([name, amount.value]) : amount;
}
