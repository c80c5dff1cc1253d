/**
 * Entries built by hand, in Intel's words and with the flags as one small number.
 *
 * Every flag but NX and the protection key lies in the low half, so models can write `RW | USER` and never
 * touch a mask object. The kernel's own constructors, which take full protections, are in linux/construct.ts.
 */

import { frameField, frameWord, type Entry } from "./entry.ts";
import { PagingError } from "./errors.ts";
import { PRESENT, PSE, USER_TABLE } from "./flags.ts";

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

/** The frame of a *present* entry that names a table or a 4 KiB page; `pfnOf` also reads inverted ones. */
export function frameOf(word: Entry): number {
  return frameField(word);
}

/**
 * A present PTE for a 4 KiB page.
 *
 * @param flags low-half flags; PRESENT is added.
 * @throws {PagingError} `pfn-out-of-range`.
 */
export function makePage(frame: number, flags: number): Entry {
  const place = frameWord(requireFrame(frame));
  return { lo: place.lo | flags | PRESENT, hi: place.hi };
}

/** An entry that names a user page table, flags 0x067. @throws {PagingError} `pfn-out-of-range`. */
export function makeTable(frame: number): Entry {
  const place = frameWord(requireFrame(frame));
  return { lo: place.lo | USER_TABLE.lo, hi: place.hi };
}

/**
 * A present PDE for a 2 MiB page.
 *
 * @param frame number of its first 4 KiB frame; a multiple of 512.
 * @param flags low-half flags; PRESENT and PSE are added.
 * @throws {PagingError} `pfn-out-of-range` also when the frame is not aligned.
 */
export function makeLargePage(frame: number, flags: number): Entry {
  const place = frameWord(requireFrame(frame));
  if (frame % 512 !== 0) {
    throw new PagingError(
      "pfn-out-of-range",
      String(frame),
      "a 2 MiB page starts at a multiple of 512 frames",
    );
  }
  return { lo: place.lo | flags | PRESENT | PSE, hi: place.hi };
}
