import type { Micros } from '../../../engine/core/index.ts';
import type { AllocatorOptions, MasterInput, MasterOptions } from '../../../engine/master/index.ts';

/** What a master's machine is made of; with it and the inputs a run can be had again. */
export interface MachineMaking {
  /** The cluster's part of ids (`clusterIdFrom`), for their texts; null where it is not known. */
  readonly cluster: string | null;
  /** Name of the allocation policy. */
  readonly allocator: string;
  readonly masterOptions: MasterOptions;
  readonly allocatorOptions: AllocatorOptions;
  /** The instant the machine was made at. */
  readonly madeAt: Micros;
}

/** The text of an id. */
export interface NameRecord {
  readonly of: 'task' | 'executor' | 'agent' | 'framework';
  readonly id: number;
  readonly text: string;
}

/** One record of a journal. */
export type JournalRecord =
  /** First of every segment. A new machine begins with `continues` false; else the segment goes on where the one before ended. */
  | {
      readonly kind: 'opened';
      readonly version: string;
      readonly making: MachineMaking;
      readonly continues: boolean;
    }
  | { readonly kind: 'input'; readonly now: Micros; readonly input: MasterInput }
  /** After `inputs` inputs of this machine its outputs had this hash. */
  | { readonly kind: 'checkpoint'; readonly inputs: number; readonly hash: string }
  /** The text of an id that the engine knows by number, when it was first seen. */
  | ({ readonly kind: 'name' } & NameRecord)
  /** The machine ended in order; nothing of it follows. */
  | { readonly kind: 'closed'; readonly reason: string };
