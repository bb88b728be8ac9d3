import type { WorkloadGenerator } from './generator.ts';
import { omegaDay, omegaMonth } from './omega.ts';
import { bursty, gangMix, uniform } from './simple.ts';

/** Every generator; a new one is a file and a line here. */
export const GENERATORS: readonly WorkloadGenerator[] = [omegaDay, omegaMonth, uniform, bursty, gangMix];

export { openGenerator, type WorkloadGenerator } from './generator.ts';
export { naturalLog } from './natural-log.ts';
