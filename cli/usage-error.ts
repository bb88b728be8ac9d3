/** What the user gave cannot be used; the message says what, where and what to do. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit codes of every command. */
export const EXIT_OK = 0;
/** Something that was checked did not hold. */
export const EXIT_FAILED = 1;
/** Bad input: one message, nothing done. */
export const EXIT_USAGE = 2;
/** Ended by Ctrl-C, with a valid partial result (128 + SIGINT). */
export const EXIT_INTERRUPTED = 130;
