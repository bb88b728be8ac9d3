import { batsim } from './batsim.ts';
import type { TraceFormat } from './format.ts';
import { google2011 } from './google-2011.ts';
import { muri } from './muri.ts';
import { omegaSamples } from './omega-samples.ts';
import { openb } from './openb.ts';
import { orreryCsv } from './orrery-csv.ts';
import { philly } from './philly.ts';
import { swf } from './swf.ts';
import { swim } from './swim.ts';

/** Every format, in the order in which they are tried on a file; a new one is a file and a line here. */
export const FORMATS: readonly TraceFormat[] = [
  orreryCsv,
  openb,
  philly,
  muri,
  google2011,
  swim,
  batsim,
  swf,
  omegaSamples,
];

export type { TraceFormat, TraceSource, TraceSourceFile } from './format.ts';
