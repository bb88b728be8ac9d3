import seedrandom from 'seedrandom';

/**
 * The 32-bit integer that a seed's text stands for; all streams of a run are made from it by purpose (`Rng.forPurpose`). A number and
 * its decimal text are one seed.
 */
export function seedNumber(seed: string | number): number {
  return seedrandom.alea(String(seed)).int32();
}
