/** What a role wants of the cluster, held and queued, as fractions of the cluster's total per kind; 0 or more. */
export interface Claim {
  /** More than 0. */
  readonly weight: number;
  readonly demand: readonly number[];
}

/** Below this a kind counts as used up, and a claim as met. Shares are for reports and decide nothing. */
const EPSILON = 1e-12;

/**
 * Dominant share of each claim under weighted progressive filling: all claims grow at the speed of their weights, each in the
 * proportions of its demand, until it has what it wants or a kind that it needs is used up (Ghodsi et al., NSDI 2011, section 4).
 *
 * Every kind's capacity is 1. Each round ends at least one claim: O(claims² × kinds).
 */
export function fairShares(claims: readonly Claim[]): number[] {
  const dominants = claims.map((claim) => claim.demand.reduce((most, part) => Math.max(most, part), 0));
  const shares = claims.map(() => 0);
  const kinds = claims.reduce((most, claim) => Math.max(most, claim.demand.length), 0);
  const free = Array.from({ length: kinds }, () => 1);
  let growing = claims.map((_, index) => index).filter((index) => dominants[index]! > 0);

  while (growing.length > 0) {
    // How far the common level can rise before a claim is met or a kind used up.
    let rise = Infinity;
    for (const index of growing) {
      rise = Math.min(rise, (dominants[index]! - shares[index]!) / claims[index]!.weight);
    }
    const speeds = free.map(() => 0);
    for (const index of growing) {
      const { weight, demand } = claims[index]!;
      demand.forEach((part, kind) => {
        speeds[kind]! += (weight * part) / dominants[index]!;
      });
    }
    speeds.forEach((speed, kind) => {
      if (speed > 0) rise = Math.min(rise, free[kind]! / speed);
    });
    for (const index of growing) shares[index]! += rise * claims[index]!.weight;
    speeds.forEach((speed, kind) => {
      free[kind] = Math.max(0, free[kind]! - rise * speed);
    });
    const before = growing.length;
    growing = growing.filter(
      (index) =>
        dominants[index]! - shares[index]! > EPSILON &&
        claims[index]!.demand.every((part, kind) => part === 0 || free[kind]! > EPSILON),
    );
    // Rounding may leave a hair on both sides of the limit that ended the round; it ends the filling as well.
    if (growing.length === before && rise <= EPSILON) break;
  }
  return shares;
}
