/** The table of bits is complete, and agrees with the masks the code uses. */

import { describe, expect, test } from "vitest";
import {
  BIT,
  bitFields,
  bitMask,
  bitRuler,
  bits,
  FLAG,
  formsOf,
  hasAnyBit,
  LAYOUTS,
  PMD_PAGE_MASK,
  PTE_PFN_MASK,
  PUD_PAGE_MASK,
  reservedMask,
  LINUX_CONTROLS,
  rulerLines,
  type BitField,
  type Word,
} from "../../src/index.ts";
import { ALL_LEVELS } from "../pages.ts";

const maskOf = (field: BitField): Word =>
  bits(...Array.from({ length: field.last - field.first + 1 }, (_, i) => bitMask(field.first + i)));

for (const layout of LAYOUTS) {
  describe(`Linux ${layout.release}`, () => {
    for (const level of ALL_LEVELS) {
      for (const form of formsOf(level)) {
        test(`level ${level}, ${form}: the fields cover 64 bits, each once and in order`, () => {
          let next = 0;
          for (const field of bitFields(level, form, layout)) {
            expect(field.first).toBe(next);
            expect(field.last).toBeGreaterThanOrEqual(field.first);
            next = field.last + 1;
          }
          expect(next).toBe(64);
        });
      }
    }

    test("the frame field of each page is the mask the code extracts with", () => {
      const masks = [PTE_PFN_MASK, PMD_PAGE_MASK, PUD_PAGE_MASK];
      for (const [i, mask] of masks.entries()) {
        const frame = bitFields((i + 1) as 1 | 2 | 3, "page", layout).find(({ name }) => name === "frame")!;
        expect(maskOf(frame)).toEqual(mask);
      }
    });

    test("devmap and saved-dirty are where the layout has them", () => {
      const fields = bitFields(1, "page", layout);
      const named = (name: string): Word =>
        bits(...fields.filter((field) => field.name === name).map(maskOf));
      expect(named("dev")).toEqual(layout.devmap);
      expect(named("svd")).toEqual(layout.savedDirty);
    });
  });
}

test("bits said to be reserved are those the walk faults on", () => {
  const controls = { ...LINUX_CONTROLS, levels: 5, physicalBits: 52 } as const;
  for (const level of ALL_LEVELS) {
    for (const form of formsOf(level).filter((f) => f === "table" || f === "page")) {
      const told = bitFields(level, form).filter(({ meaning }) => meaning.startsWith("reserved"));
      const mask = reservedMask(level, form, controls);
      for (let bit = 0; bit < 64; bit++) {
        // Bit 7 of a PDPTE that points to a table is listed as what it is: the bit that makes it a page.
        if (level === 3 && form === "table" && bit === BIT.PSE) continue;
        const isTold = told.some(({ first, last }) => bit >= first && bit <= last);
        expect([level, form, bit, isTold]).toEqual([level, form, bit, hasAnyBit(mask, bitMask(bit))]);
      }
    }
  }
});

test("a flag's mask is the bit its name is listed at", () => {
  const fields = bitFields(1, "page");
  const at = (name: string): number => fields.find((field) => field.name === name)!.first;
  expect([at("P"), at("RW"), at("US"), at("A"), at("D"), at("uw"), at("sd"), at("NX")]).toEqual([
    0, 1, 2, 5, 6, 10, 11, 63,
  ]);
  for (const [name, bit] of Object.entries(BIT))
    expect(FLAG[name as keyof typeof FLAG]).toEqual(bitMask(bit));
});

test("a ruler's two lines are aligned, highest bit left", () => {
  const [numbers, names] = rulerLines(bitFields(1, "swap"));
  expect(numbers).toBe("63..59   58..9 8 7 6..4  3  2  1 0");
  expect(names).toBe("  type ~offset 0 0    0 ex uw sd 0");
  for (const level of ALL_LEVELS) {
    const blocks = [...bitRuler(level).matchAll(/```text\n(.*)\n(.*)\n```/g)];
    expect(blocks.length).toBe(formsOf(level).length);
    for (const [, top, bottom] of blocks) expect(top!.length).toBe(bottom!.length);
  }
});
