import type { Tally } from '../model/tally.ts';
import { readLines, type TraceFile } from '../text/lines.ts';

/** What the replay uses of the header comments `; Name: value`. */
export interface SwfHeader {
  readonly maxNodes: number | null;
  readonly maxProcs: number | null;
  /** Names of one word that `; Queue: n name` gives. */
  readonly queues: ReadonlyMap<number, string>;
  /** Names that our own export notes: `; Note: user n is "name"`. */
  readonly users: ReadonlyMap<number, string>;
}

const USER_NOTE = /^user (\d{1,9}) is (".*")$/;

/** Reads the comments before the first data line. */
export async function readSwfHeader(file: TraceFile): Promise<SwfHeader> {
  let maxNodes: number | null = null;
  let maxProcs: number | null = null;
  const queues = new Map<number, string>();
  const users = new Map<number, string>();
  reading: for await (const block of readLines(file)) {
    for (const line of block.lines) {
      if (line.trim() === '') continue;
      if (!line.startsWith(';')) break reading;
      const colon = line.indexOf(':');
      if (colon < 0) continue;
      const name = line.slice(1, colon).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (name === 'maxnodes') maxNodes = leadingCount(value) ?? maxNodes;
      else if (name === 'maxprocs') maxProcs = leadingCount(value) ?? maxProcs;
      else if (name === 'queue') addName(queues, /^(\d+)\s+(\S+)$/.exec(value));
      else if (name === 'note') addUser(users, USER_NOTE.exec(value));
    }
  }
  return { maxNodes, maxProcs, queues, users };
}

/** Some logs go on after the number: `MaxNodes: 416 (26 racks)`. */
function leadingCount(value: string): number | null {
  const match = /^(\d{1,9})(?!\d)/.exec(value);
  const count = match === null ? 0 : Number(match[1]);
  return count > 0 ? count : null;
}

function addName(names: Map<number, string>, match: RegExpExecArray | null): void {
  if (match !== null) names.set(Number(match[1]), match[2]!);
}

/** The name is a JSON text, so that blanks at its ends are kept. A note that only looks like ours is no name. */
function addUser(users: Map<number, string>, match: RegExpExecArray | null): void {
  if (match === null) return;
  try {
    users.set(Number(match[1]), JSON.parse(match[2]!) as string);
  } catch {
    return;
  }
}

/** Kept here so that the tally's rows are data lines only, wherever comments stand. */
export function isSwfData(line: string, tally: Tally): boolean {
  if (line.charCodeAt(0) === 59 || line.trim() === '') return false;
  tally.rows++;
  return true;
}
