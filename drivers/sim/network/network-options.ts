import {
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
} from '../../../engine/core/index.ts';

/** How the virtual network behaves. Durations in µs. Bandwidth is not modelled. */
export interface NetworkOptions {
  /** Least one-way delay of a message. */
  readonly latency: Micros;
  /** A message takes up to this much longer, drawn per message; never so that it overtakes an earlier one of its connection. */
  readonly jitter: Micros;
  /** An end that waits on a broken connection notices after a time drawn from [noticeMin, noticeMax], at most 71 minutes apart. */
  readonly noticeMin: Micros;
  readonly noticeMax: Micros;
  /** Wait before the first attempt to connect is drawn from [0, backoffMin]; it doubles with each failure up to backoffMax. */
  readonly backoffMin: Micros;
  readonly backoffMax: Micros;
}

export const DEFAULT_NETWORK_OPTIONS: NetworkOptions = {
  latency: micros(500),
  jitter: micros(200),
  noticeMin: micros(5 * MICROS_PER_SECOND),
  noticeMax: micros(60 * MICROS_PER_SECOND),
  backoffMin: micros(100 * MICROS_PER_MILLISECOND),
  backoffMax: micros(10 * MICROS_PER_SECOND),
};
