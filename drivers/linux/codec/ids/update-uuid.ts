import type { AgentId, UpdateId } from '../../../../engine/core/index.ts';

/** Bytes of a status update's id on the wire (spec 01 §5). */
export const UUID_BYTES = 16;
/** Never the id of an update. */
export const UNKNOWN_UPDATE = -1 as UpdateId;

/** The 16 bytes of an update's id: the agent's number, then the agent's counter, eight bytes each, big-endian. */
export function updateUuid(agent: AgentId, update: UpdateId): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  writeSafeInteger(bytes, 0, agent);
  writeSafeInteger(bytes, 8, update);
  return bytes;
}

/** The update of `agent` that the bytes name; `UNKNOWN_UPDATE` for another agent's and for bytes that were never an id. */
export function updateOfUuid(agent: AgentId, bytes: Uint8Array): UpdateId {
  if (bytes.length !== UUID_BYTES || readSafeInteger(bytes, 0) !== agent) return UNKNOWN_UPDATE;
  return (readSafeInteger(bytes, 8) ?? UNKNOWN_UPDATE) as UpdateId;
}

function writeSafeInteger(bytes: Uint8Array, at: number, value: number): void {
  let high = Math.floor(value / 2 ** 32);
  let low = value % 2 ** 32;
  for (let index = 3; index >= 0; index--) {
    bytes[at + index] = high & 0xff;
    bytes[at + 4 + index] = low & 0xff;
    high = Math.floor(high / 256);
    low = Math.floor(low / 256);
  }
}

/** Null beyond 2^53. */
function readSafeInteger(bytes: Uint8Array, at: number): number | null {
  let value = 0;
  for (let index = 0; index < 8; index++) value = value * 256 + bytes[at + index]!;
  return Number.isSafeInteger(value) ? value : null;
}
