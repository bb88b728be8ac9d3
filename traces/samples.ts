import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A trace that comes with the program. */
export interface TraceSample {
  readonly name: string;
  readonly title: string;
  readonly format: string;
  /** Folder below `traces/samples`; with the licence and a README of where the data is from. */
  readonly folder: string;
  readonly licence: string;
}

/** Every bundled trace; a new one is a folder and a line here. */
export const SAMPLES: readonly TraceSample[] = [
  {
    name: 'openb-2023',
    title: 'Alibaba GPU-sharing cluster, 2023: 8,152 pods, 1,523 machines',
    format: 'openb-2023',
    folder: 'openb-2023',
    licence: 'Apache-2.0',
  },
  {
    name: 'philly-2017',
    title: 'Microsoft Philly, 2017: 82,247 GPU training jobs of 15 virtual clusters',
    format: 'philly-2017',
    folder: 'philly-2017',
    licence: 'CC-BY-4.0',
  },
  {
    name: 'g5k-medium',
    title: "Batsim's JSSPP 2016 workload: 801 rigid parallel jobs for 32 machines",
    format: 'batsim',
    folder: 'g5k-medium',
    licence: 'BSD-3-Clause',
  },
  {
    name: 'muri-philly-64gpu',
    title: 'Muri, SIGCOMM 2022: 1,494 and 992 deep-learning jobs for 64 GPUs',
    format: 'muri',
    folder: 'muri-philly-64gpu',
    licence: 'Apache-2.0',
  },
  {
    name: 'swim-facebook-50',
    title: 'SWIM, Facebook 2009: 50 Hadoop jobs',
    format: 'swim',
    folder: 'swim-facebook-50',
    licence: 'BSD-3-Clause',
  },
  {
    name: 'google-2011-slice',
    title: 'Google cell, 2011: one job in forty of two days, and every machine removal of 29 days',
    format: 'google-2011-jobs',
    folder: 'google-2011-slice',
    licence: 'CC-BY-4.0, BSD-3-Clause',
  },
];

/** Path of a sample's folder. The data stays beside the sources: this module runs from there or from the build's folder. */
export function samplePath(sample: TraceSample): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const samples = join(folder, 'traces', 'samples', sample.folder);
    if (existsSync(samples)) return samples;
    const parent = dirname(folder);
    if (parent === folder) return join('traces', 'samples', sample.folder);
    folder = parent;
  }
}
