/** The only place that reads a clock: for progress, time limits and fields named `...Ms`. Results never depend on it. */

/** Milliseconds since some fixed moment. */
export function nowMs(): number {
  return performance.now();
}
