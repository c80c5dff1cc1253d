/** Halves, masks, text and bigint of one word. */

import { expect, test } from "vitest";
import {
  bitMask,
  bits,
  entry,
  entryFromBigInt,
  entryFromHex,
  entryToBigInt,
  entryToHex,
  frameField,
  frameWord,
  hasAllBits,
  hasAnyBit,
  keepBits,
  NONE_ENTRY,
  sameEntry,
  withBits,
  withoutBits,
} from "../../src/index.ts";
import { caught } from "../caught.ts";

const UFFD_WP_MARKER = 0xffff_ffff_ffff_fc00n;

test("halves are signed 32-bit numbers, so that they stay small integers in the engine", () => {
  expect(entryFromBigInt(UFFD_WP_MARKER)).toEqual({ lo: -1024, hi: -1 });
  expect(entry(0xffff_fc00, 0xffff_ffff)).toEqual({ lo: -1024, hi: -1 });
  expect(entry(2 ** 32, -(2 ** 32))).toEqual(NONE_ENTRY);
});

test("text has sixteen digits and reads back", () => {
  expect(entryToHex(entry(0x67, 0))).toBe("0x0000000000000067");
  expect(entryToHex(entryFromHex("FFFFFFFFFFFFFC00"))).toBe("0xfffffffffffffc00");
  expect(entryFromHex("0x8000_0000_0000_0067")).toEqual({ lo: 0x67, hi: -0x8000_0000 });
  expect(entryToBigInt(entryFromHex(" 0x67 "))).toBe(0x67n);
});

test.each(["", "0x", "0x1_0000_0000_0000_0000", "12g", "-1", "0o1"])("%j is not an entry", (text) => {
  const error = caught(() => entryFromHex(text));
  expect(error.code).toBe("bad-entry-text");
  expect(error.message).toContain(JSON.stringify(text));
});

test("bits of both halves are set, cleared and tested alike", () => {
  for (const bit of [0, 11, 31, 32, 47, 63]) {
    const mask = bitMask(bit);
    expect(entryToBigInt(mask)).toBe(1n << BigInt(bit));
    expect(hasAnyBit(mask, mask)).toBe(true);
    expect(sameEntry(withoutBits(mask, mask), NONE_ENTRY)).toBe(true);
    expect(sameEntry(withBits(NONE_ENTRY, mask), mask)).toBe(true);
  }
  const two = bits(bitMask(1), bitMask(40));
  expect(hasAllBits(two, bitMask(40))).toBe(true);
  expect(hasAllBits(bitMask(40), two)).toBe(false);
  expect(keepBits(two, bitMask(1))).toEqual(bitMask(1));
  expect(hasAnyBit(two, NONE_ENTRY)).toBe(false);
  expect(hasAllBits(NONE_ENTRY, NONE_ENTRY)).toBe(true);
});

test("sameEntry looks at both halves", () => {
  expect(sameEntry(entry(1, 2), entry(1, 2))).toBe(true);
  expect(sameEntry(entry(1, 2), entry(1, 3))).toBe(false);
  expect(sameEntry(entry(1, 2), entry(0, 2))).toBe(false);
});

test.each([0, 1, 0xf_ffff, 0x10_0000, 2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1])(
  "frame %d goes in and comes out",
  (pfn) => {
    expect(frameField(frameWord(pfn))).toBe(pfn);
    expect(entryToBigInt(frameWord(pfn))).toBe(BigInt(pfn) << 12n);
  },
);
