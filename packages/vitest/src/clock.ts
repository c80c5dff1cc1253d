/**
 * The only place that reads a clock. A matcher holds up the event loop, so the time limit of a test cannot interrupt it;
 * the clock ends a search that would not fit. No other result depends on it.
 */

/** Taken when this file is loaded, so that a test which fakes the time does not stop this clock. */
const { now } = Date;

/** Milliseconds since some fixed moment. */
export function nowMs(): number {
  return now();
}
