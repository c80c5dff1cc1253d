/** The two ways to be wrong that are not findings: our own bug, and a caller's mistake. */

/** A broken assumption inside mmrace itself. It is never reported as a finding; exit code 1. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** A caller's mistake: the message says what was wrong, what is allowed and what to try; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Stops when an assumption of the engine does not hold. Stays on in production.
 *
 * @throws {InternalError} with `message` when `condition` is false.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}
