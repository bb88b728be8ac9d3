import {
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
} from '../../../engine/core/index.ts';

/** Several masters and the store that they share. Durations in µs. */
export interface EnsembleOptions {
  readonly masters: number;
  /** Clocks of masters' hosts are this much ahead of the world's at most, drawn per host. */
  readonly clockOffsetMax: Micros;
  readonly store: StoreOptions;
  /** Parties hear of a new leader after a time drawn from [detectionMin, detectionMax]. */
  readonly detectionMin: Micros;
  readonly detectionMax: Micros;
  /** Keep-alives that nothing is in the way of are no events. False makes four events of each; what happens is the same. */
  readonly leasesRest: boolean;
}

/** How the replicated store behaves, and how masters use it. */
export interface StoreOptions {
  /** One way, client to store or back. */
  readonly latency: Micros;
  /** From the arrival of a request that writes to its commit. */
  readonly writeLatency: Micros;
  /** A client gives a request up after this; whether it took effect is then unknown. */
  readonly requestTimeout: Micros;
  /** Before a request that failed is made again. */
  readonly retryDelay: Micros;
  /** Life of a master's lease without keep-alive; kept alive each third of it. */
  readonly leaseTtl: Micros;
  /** `--registry_store_timeout`: a write that takes longer in all its attempts has failed, and the master must end. */
  readonly storeTimeout: Micros;
  /** Registry operations in one transaction; a batch of more takes several, one after the other. */
  readonly operationsPerTransaction: number;
}

export const DEFAULT_STORE_OPTIONS: StoreOptions = {
  latency: micros(500),
  writeLatency: micros(4 * MICROS_PER_MILLISECOND),
  requestTimeout: micros(5 * MICROS_PER_SECOND),
  retryDelay: micros(500 * MICROS_PER_MILLISECOND),
  leaseTtl: micros(10 * MICROS_PER_SECOND),
  storeTimeout: micros(20 * MICROS_PER_SECOND),
  operationsPerTransaction: 4,
};

export const DEFAULT_ENSEMBLE_OPTIONS: EnsembleOptions = {
  masters: 5,
  clockOffsetMax: micros(2 * MICROS_PER_SECOND),
  store: DEFAULT_STORE_OPTIONS,
  detectionMin: micros(50 * MICROS_PER_MILLISECOND),
  detectionMax: micros(2 * MICROS_PER_SECOND),
  leasesRest: true,
};
