import type { MasterEpoch, Micros } from '../core/index.ts';
import type { RegistryOperation } from './registry.ts';

/**
 * The replicated store that several masters share, as its clients see it: revisioned keys, transactions that compare and then change,
 * leases, watches. The semantics are etcd's; what reads and writes it is `StoreSession`, what carries it is the driver's.
 */

/** What masters keep there. */
export type StoreValue =
  /** Who leads. Lives as long as the lease it was put with. */
  | { readonly kind: 'leader'; readonly master: number }
  /** The end of the registry's log: index of its last entry, and who wrote that: epoch, and lease, which no two masters ever share. */
  | { readonly kind: 'head'; readonly epoch: MasterEpoch; readonly writer: number; readonly index: number }
  | {
      readonly kind: 'entry';
      readonly epoch: MasterEpoch;
      readonly operations: readonly RegistryOperation[];
    };

export const LEADER_KEY = 'orrery/leader';
export const REGISTRY_PREFIX = 'orrery/registry/';
export const HEAD_KEY = `${REGISTRY_PREFIX}head`;

/** Keys of entries sort as their indexes do. */
export function entryKey(index: number): string {
  return `${REGISTRY_PREFIX}log/${String(index).padStart(12, '0')}`;
}

/** A key with its value. Revisions are the store's own, counted from 1 over all keys. */
export interface StoreItem {
  readonly key: string;
  readonly value: StoreValue;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Changes since the key was created, from 1. */
  readonly version: number;
  /** 0 for none. */
  readonly lease: number;
}

/** A key that does not exist has 0 in each field. */
export interface StoreCompare {
  readonly key: string;
  readonly field: 'createRevision' | 'modRevision' | 'version';
  readonly equals: number;
}

export type StoreChange =
  | { readonly kind: 'put'; readonly key: string; readonly value: StoreValue; readonly lease: number }
  | { readonly kind: 'delete'; readonly key: string };

export type StoreRequest =
  | { readonly kind: 'grantLease'; readonly ttl: Micros }
  | { readonly kind: 'keepAlive'; readonly lease: number }
  /** Deletes the keys that were put with it. */
  | { readonly kind: 'revokeLease'; readonly lease: number }
  /** All changes if all comparisons hold; else `otherwise` is read and nothing changes. */
  | {
      readonly kind: 'transaction';
      readonly compares: readonly StoreCompare[];
      readonly changes: readonly StoreChange[];
      readonly otherwise: string;
    }
  /** What is not linearizable may be as old as the replica that answers. */
  | { readonly kind: 'read'; readonly prefix: string; readonly isLinearizable: boolean }
  /** Changes from revision `from` on, in order, without gap; `watched` brings them. */
  | { readonly kind: 'watch'; readonly prefix: string; readonly from: number };

export type StoreAnswer =
  | { readonly kind: 'leaseGranted'; readonly lease: number; readonly ttl: Micros }
  | { readonly kind: 'keptAlive'; readonly ttl: Micros }
  /** The lease has run out or was revoked; nothing was done. */
  | { readonly kind: 'leaseGone' }
  | { readonly kind: 'leaseRevoked' }
  /** `revision` is the store's, after it; `item` is what was read instead. */
  | {
      readonly kind: 'transacted';
      readonly succeeded: boolean;
      readonly revision: number;
      readonly item: StoreItem | null;
    }
  /** By key. */
  | { readonly kind: 'items'; readonly revision: number; readonly items: readonly StoreItem[] }
  | { readonly kind: 'watching' }
  /** The revisions asked for are gone. */
  | { readonly kind: 'compacted'; readonly revision: number }
  /** Not done. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No answer: done or not. */
  | { readonly kind: 'unknown' };

/** One change of one key. A deleted key's item is what it was, with the revision of its deletion. */
export interface StoreEvent {
  readonly kind: 'put' | 'delete';
  readonly revision: number;
  readonly item: StoreItem;
}
