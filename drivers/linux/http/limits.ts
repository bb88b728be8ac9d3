/** What the server takes from outside; beyond each there is a refusal, never growth. */
export interface HttpLimits {
  /** Bytes of a request's body: 413 beyond. */
  readonly bodyMax: number;
  /** Bytes of a request's line and headers: 431 beyond. */
  readonly headersMax: number;
  /** Milliseconds for a request's headers, then for its body, to come in: 408 beyond. */
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** Milliseconds that an idle connection is kept. */
  readonly idleTimeoutMs: number;
  /** Connections at once; further ones are closed as they come. */
  readonly connectionsMax: number;
  /** Streams of one kind at once. */
  readonly streamsMax: number;
  /** Bytes waiting for a subscriber that reads too slowly: beyond it the subscriber is dropped. */
  readonly streamBufferMax: number;
  /** Bytes of one record on an agent's link. */
  readonly recordMax: number;
  /** Bytes of bodies under way, of all requests together: 503 beyond. */
  readonly bodiesMax: number;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  bodyMax: 16 * MIB,
  headersMax: 16 * KIB,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  idleTimeoutMs: 75_000,
  connectionsMax: 50_000,
  streamsMax: 20_000,
  streamBufferMax: 64 * MIB,
  recordMax: 256 * MIB,
  bodiesMax: 512 * MIB,
};
