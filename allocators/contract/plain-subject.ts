import { isExcluded } from './plain-constraints.ts';
import { PlainDrf } from './plain-drf.ts';
import { PlainSorter } from './plain-sorter.ts';
import type { ConformanceSubject } from './subject.ts';

/** The oracle itself under the scenarios. */
export const PLAIN_SUBJECT: ConformanceSubject = {
  allocator: (now, options, sink) => new PlainDrf(now, options, sink),
  sorter: (fairnessExclude) => new PlainSorter(fairnessExclude),
  constraints: isExcluded,
};
