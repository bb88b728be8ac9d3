import type { FrameworkId } from '../core/index.ts';
import type { ExecutorInfo } from '../protocol/index.ts';

/**
 * Whether two descriptions of one framework's executor are equal (spec 03 §6). A missing `frameworkId` stands for that of `frameworkId`: the
 * master fills it in.
 */
export function isSameExecutor(a: ExecutorInfo, b: ExecutorInfo, frameworkId: FrameworkId): boolean {
  return (
    a === b ||
    (a.executorId === b.executorId &&
      a.type === b.type &&
      a.name === b.name &&
      (a.frameworkId ?? frameworkId) === (b.frameworkId ?? frameworkId) &&
      a.shutdownGracePeriod === b.shutdownGracePeriod &&
      a.resources.equals(b.resources) &&
      isSameData(a.command, b.command) &&
      isSameData(a.container, b.container) &&
      isSameData(a.labels, b.labels) &&
      isSameData(a.data, b.data))
  );
}

/** Equality of plain data: primitives, arrays, bytes and records of such. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length || Array.isArray(a) !== Array.isArray(b)) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) &&
      isSameData((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
