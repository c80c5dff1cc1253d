/** The only place that reads a clock: for progress, time limits and fields named `...Ms`. Results never depend on it. */

/** Milliseconds since some fixed moment. */
export function nowMs(): number {
  return performance.now();
}

/** Milliseconds that have passed since a time stamp of the file system. */
export function ageMs(timestampMs: number): number {
  return Date.now() - timestampMs;
}
