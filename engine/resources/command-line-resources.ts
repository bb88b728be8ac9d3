import { err, ok, type Result } from '../core/index.ts';
import { PERSISTENT, REVOCABLE } from './identity.ts';
import type { Resource } from './resource.ts';
import type { CommandLineFault, ResourceError } from './resource-error.ts';
import { resourceEntriesFromJson } from './resource-from-json.ts';
import { Resources } from './resources.ts';
import { mixedTypes, parseResourceEntries, resourceText } from './resources-text.ts';

/**
 * The value of an agent's `--resources` (spec 02 §3): the text form, or a JSON array of `Resource` messages in either reservation format.
 * Persistent volumes, revocable resources and dynamic reservations cannot be given here.
 */
export function parseCommandLineResources(text: string): Result<Resources, ResourceError> {
  const entries = text.trimStart().startsWith('[') ? parseJsonEntries(text) : parseResourceEntries(text);
  if (!entries.ok) return entries;
  const mixed = mixedTypes(entries.value);
  if (mixed !== null) return err(mixed);
  for (const entry of entries.value) {
    const reason = commandLineFault(entry);
    if (reason !== null) return err({ code: 'COMMAND_LINE_REFUSED', resource: resourceText(entry), reason });
  }
  return ok(Resources.of(entries.value));
}

function parseJsonEntries(text: string): Result<readonly Resource[], ResourceError> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err({ code: 'JSON_MALFORMED', path: 'resources', expected: 'a JSON array of resources' });
  }
  return resourceEntriesFromJson(json, 'resources');
}

function commandLineFault({ identity }: Resource): CommandLineFault | null {
  if ((identity.traits & PERSISTENT) !== 0) return 'PERSISTENT_VOLUME';
  if ((identity.traits & REVOCABLE) !== 0) return 'REVOCABLE';
  return identity.reservations.some((entry) => entry.type === 'DYNAMIC') ? 'DYNAMIC_RESERVATION' : null;
}
