export { assert, assertNever, InvariantError } from './assert.ts';
export type { Branded } from './branded.ts';
export { RollingHash } from './hash.ts';
export {
  type AgentId,
  agentIdText,
  commandExecutorId,
  type ExecutorId,
  type FrameworkId,
  frameworkIdText,
  idParts,
  type MasterEpoch,
  mintAgentId,
  frameworkTieRank,
  mintFrameworkId,
  mintOperationUuid,
  type OfferId,
  type OperationUuid,
  type TaskId,
  type UpdateId,
} from './ids.ts';
export type { Machine } from './machine.ts';
export { mention, type MentionTexts, withIdTexts } from './mention.ts';
export { fromMilli, MILLI_PER_UNIT, type Milli, milli, toMilli, ZERO_MILLI } from './milli.ts';
export { err, ok, type Result } from './result.ts';
export { Ring } from './ring.ts';
export { Rng } from './rng.ts';
export type { Sink } from './sink.ts';
export { TimerQueue } from './timer-queue.ts';
export {
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
  microsToSeconds,
  secondsToMicros,
} from './time.ts';
