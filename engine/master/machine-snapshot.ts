import { err, ok, type Result, RollingHash } from '../core/index.ts';
import { GraphClasses, GraphMismatch, readGraph, writeGraph } from '../core/graph/index.ts';
import type { AllocatorOptions } from './allocator.ts';
import type { MasterOptions } from './options.ts';
import { machineClasses, VALUE_CLASSES } from './snapshot-classes.ts';
import type { MasterState } from './state.ts';

/** Grows with every change of the bytes' format, or of what a field means, that a comparison of classes and fields does not find. */
const FORMAT = 1;

/**
 * A master machine between two steps, its allocator included: plain data. A machine that is restored from it goes on as the one it was taken
 * of. The same state gives the same snapshot.
 */
export interface MachineSnapshot {
  readonly format: number;
  /** Kind of the allocator. */
  readonly allocator: string;
  /** Hashes of the options that the machine was made with, by name: it must be restored with the same. */
  readonly options: readonly { readonly name: string; readonly hash: string }[];
  /** Everything else. Depends on the engine's classes: a build with other fields than those of the writer refuses it. */
  readonly bytes: Uint8Array;
}

/** Why there is no snapshot: the allocation policy has no part in it (`Allocator.snapshotParts`). */
export interface SnapshotError {
  readonly code: 'ALLOCATOR_KEEPS_NO_SNAPSHOT';
}

/** The snapshot is not one of such a machine, or of this build. */
export class SnapshotMismatch extends Error {
  override readonly name = 'SnapshotMismatch';
}

/** Changes nothing. O(everything). */
export function takeSnapshot(
  master: MasterState,
  allocatorOptions: AllocatorOptions,
): Result<MachineSnapshot, SnapshotError> {
  const parts = master.allocator.snapshotParts?.() ?? null;
  if (parts === null) return err({ code: 'ALLOCATOR_KEEPS_NO_SNAPSHOT' });
  return ok({
    format: FORMAT,
    allocator: parts.kind,
    options: optionHashes(master.options, allocatorOptions),
    bytes: writeGraph(master, machineClasses(parts)),
  });
}

/** Fills a master that was just made in with the state of a snapshot. Throws SnapshotMismatch, and the master is of no use then. */
export function restoreInto(
  master: MasterState,
  allocatorOptions: AllocatorOptions,
  snapshot: MachineSnapshot,
): void {
  if (snapshot.format !== FORMAT)
    throw new SnapshotMismatch(
      `The snapshot has format ${snapshot.format}; this version reads format ${FORMAT}`,
    );
  const parts = master.allocator.snapshotParts?.() ?? null;
  if (parts?.kind !== snapshot.allocator)
    throw new SnapshotMismatch(
      `The snapshot is of a master with the allocator '${snapshot.allocator}'; this one has ${parts === null ? 'one without snapshots' : `'${parts.kind}'`}`,
    );
  const hashes = new Map(snapshot.options.map(({ name, hash }) => [name, hash]));
  for (const { name, hash } of optionHashes(master.options, allocatorOptions)) {
    if (hashes.get(name) !== hash)
      throw new SnapshotMismatch(`The snapshot is of a master with another value of the option '${name}'`);
    hashes.delete(name);
  }
  for (const name of hashes.keys())
    throw new SnapshotMismatch(`The snapshot is of a master with the option '${name}', which this one lacks`);
  try {
    readGraph(snapshot.bytes, master, machineClasses(parts));
  } catch (error) {
    if (!(error instanceof GraphMismatch)) throw error;
    throw new SnapshotMismatch(`The snapshot does not fit this version: ${error.message}`, { cause: error });
  }
}

function optionHashes(master: MasterOptions, allocator: AllocatorOptions): MachineSnapshot['options'] {
  const classes = new GraphClasses(VALUE_CLASSES);
  return [
    ...Object.entries(master),
    ...Object.entries(allocator).map(([name, value]) => [`allocator.${name}`, value]),
  ].map(([name, value]) => {
    const hash = new RollingHash();
    for (const byte of writeGraph({ value }, classes)) hash.add(byte);
    return { name: name as string, hash: hash.digest() };
  });
}
