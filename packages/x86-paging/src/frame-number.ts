/** Frame numbers: what fits into an entry. */

import { PagingError } from "./errors.ts";

/** Frame numbers are below this. */
export const FRAMES_MAX: number = 2 ** 40;

/** The frame number, checked. @throws {PagingError} `pfn-out-of-range`. */
export function requireFrame(frame: number): number {
  if (Number.isInteger(frame) && frame >= 0 && frame < FRAMES_MAX) return frame;
  throw new PagingError(
    "pfn-out-of-range",
    String(frame),
    "a frame number is a whole number from 0 to 2^40 - 1",
  );
}
