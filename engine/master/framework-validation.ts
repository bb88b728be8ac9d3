import type { FrameworkInfo, OfferConstraints } from '../protocol/index.ts';
import { rolesOf } from '../protocol/index.ts';
import type { RegexLimits } from '../regex/index.ts';
import { validateRole } from '../resources/index.ts';
import { validateOfferConstraints } from './offer-constraints-validation.ts';

/** Longest duration that Mesos can hold: 2^63 ns. */
const FAILOVER_TIMEOUT_MAX_SECONDS = 9_223_372_036;

/**
 * First rule that a FrameworkInfo with its suppressed roles and constraints breaks, in words, or null (spec 03 §1 "refused subscription", §4).
 */
export function validateFramework(
  info: FrameworkInfo,
  suppressedRoles: readonly string[],
  offerConstraints: OfferConstraints | null,
  regexLimits: RegexLimits,
): string | null {
  const multiRole = info.capabilities.includes('MULTI_ROLE');
  if (multiRole && info.role !== null)
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  if (!multiRole && info.roles.length > 0)
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  const roles = rolesOf(info);
  const seen = new Set<string>();
  for (const role of roles) {
    if (seen.has(role)) return `'FrameworkInfo.roles' contains duplicate role: ${role}`;
    seen.add(role);
    const valid = validateRole(role);
    if (!valid.ok) return `'FrameworkInfo.roles' contains invalid role '${role}'`;
  }
  const timeout = info.failoverTimeout;
  if (!(Math.abs(timeout) <= FAILOVER_TIMEOUT_MAX_SECONDS)) {
    return `'FrameworkInfo.failover_timeout' is not a duration: ${timeout} (at most ${FAILOVER_TIMEOUT_MAX_SECONDS} s)`;
  }
  for (const [role, minimums] of info.offerFilters) {
    if (!seen.has(role))
      return `'FrameworkInfo.offer_filters' names role '${role}', which is not one of the framework's roles`;
    if (minimums.some((quantities) => quantities.isEmpty)) {
      return `'FrameworkInfo.offer_filters' of role '${role}' has an empty set of quantities`;
    }
  }
  for (const role of suppressedRoles) {
    if (!seen.has(role)) return `Suppressed role '${role}' is not one of the framework's roles`;
  }
  return offerConstraints === null ? null : validateOfferConstraints(offerConstraints, seen, regexLimits);
}

/** First field that an update may not change but does, or null (spec 03 §7, UPDATE_FRAMEWORK). */
export function validateUnchanged(before: FrameworkInfo, after: FrameworkInfo): string | null {
  if (before.principal !== after.principal) return "Changing framework's principal is not allowed.";
  if (before.user !== after.user) return "Updating 'FrameworkInfo.user' is unsupported";
  if (before.checkpoint !== after.checkpoint) return "Updating 'FrameworkInfo.checkpoint' is unsupported";
  return null;
}
