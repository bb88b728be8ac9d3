import { FORMATS } from './formats/index.ts';
import { GENERATORS } from './generators/index.ts';
import type { AssumptionSpec } from './model/assumptions.ts';
import { SAMPLES, type TraceSample } from './samples.ts';

export interface ListedFormat {
  readonly name: string;
  readonly title: string;
  readonly describe: string;
  readonly assumptions: readonly AssumptionSpec[];
}

export interface ListedGenerator {
  readonly name: string;
  readonly title: string;
  readonly describe: string;
  readonly parameters: readonly AssumptionSpec[];
}

/** Everything that `openTrace` can open by name, and the formats that it reads. */
export function listTraces(): {
  readonly samples: readonly TraceSample[];
  readonly generators: readonly ListedGenerator[];
  readonly formats: readonly ListedFormat[];
} {
  return { samples: SAMPLES, generators: GENERATORS, formats: FORMATS };
}
