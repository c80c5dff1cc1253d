/** The only place that reads a clock: for progress, time limits and fields named `...Ms`. Results never depend on it. */

/** Milliseconds since some fixed moment. */
export function nowMs(): number {
  return performance.now();
}

/** Milliseconds that have passed since a time stamp of the file system. */
export function ageMs(timestampMs: number): number {
  return Date.now() - timestampMs;
}

/** Lets so many milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits for something, but no longer than that. @throws what it throws. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Ends the process then, with the exit code that is set, if nothing else has ended it. */
export function exitAfter(ms: number): void {
  setTimeout(() => process.exit(), ms).unref();
}
