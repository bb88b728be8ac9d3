import type { Job } from '../../engine/workload/index.ts';

/** Jobs of a source, a thousand at a time. */
export function* inBatches(jobs: Iterable<Job>): Generator<Job[], void, undefined> {
  let batch: Job[] = [];
  for (const job of jobs) {
    batch.push(job);
    if (batch.length < BATCH_JOBS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const BATCH_JOBS = 1_000;

/** Merges streams that are each in order of arrival; at one instant the earlier stream goes first. */
export function* mergeByArrival(streams: readonly Iterator<Job>[]): Generator<Job, void, undefined> {
  const heads = streams.map((stream) => stream.next());
  for (;;) {
    let first = -1;
    for (let index = 0; index < heads.length; index++) {
      const head = heads[index]!;
      if (head.done === true) continue;
      if (first < 0 || head.value.arrival < heads[first]!.value.arrival) first = index;
    }
    if (first < 0) return;
    yield heads[first]!.value as Job;
    heads[first] = streams[first]!.next();
  }
}
