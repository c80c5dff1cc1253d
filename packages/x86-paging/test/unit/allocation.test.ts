/** Testing, comparing and taking apart an entry must cost no memory: mm does it several times per step. */

import { expect, test } from "vitest";
import {
  entryFromHex,
  isSwapPte,
  pfnOf,
  pmdBad,
  pmdPresent,
  pmdTransHuge,
  pteDirty,
  pteMkdirty,
  pteMkyoung,
  pteNone,
  ptePresent,
  pteSame,
  pteUffdWp,
  pteWrite,
  pteWrprotect,
  pteYoung,
  RW,
  type Entry,
} from "../../src/index.ts";
import { page } from "../entries.ts";

const ENTRIES: readonly Entry[] = Array.from({ length: 512 }, (_, i) =>
  i % 4 === 3 ? entryFromHex("0xfffffffffffffc00") : page(0x1000 + i, (i * 37) & 0xfff),
);
/** Few enough that keeping every entry fits the young generation several times over. */
const ROUNDS = 80;

function testAndExtract(): number {
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 512; i++) {
      const pte = ENTRIES[i]!;
      if (!pteNone(pte) && ptePresent(pte)) sum += pfnOf(pte) & 0xff;
      if (pteWrite(pte)) sum += 1;
      if (pteDirty(pte) && pteYoung(pte)) sum += 2;
      if (pteUffdWp(pte) || isSwapPte(pte)) sum += 3;
      if (pmdPresent(pte) && pmdTransHuge(pte) && !pmdBad(pte)) sum += 4;
      if (pteSame(pte, ENTRIES[round]!)) sum += 5;
      sum &= 0xffff;
    }
  }
  return sum;
}

const kept: Entry[] = Array.from({ length: 512 }, () => ENTRIES[0]!);
function makeAndKeep(): number {
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 512; i++) kept[i] = pteMkyoung({ lo: ENTRIES[i]!.lo ^ RW, hi: ENTRIES[i]!.hi });
  }
  return kept.length;
}

const halves = new Int32Array(1024);
function changeAndTakeApart(): number {
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 512; i++) {
      const { lo, hi } = pteMkdirty(pteMkyoung(pteWrprotect(ENTRIES[i]!)));
      halves[2 * i] = lo;
      halves[2 * i + 1] = hi;
    }
  }
  return halves.length;
}

/** Heap growth in bytes per entry visited, or undefined when a collection ran in between. */
function bytesPerEntry(run: () => number): number | undefined {
  const before = process.memoryUsage().heapUsed;
  run();
  const grown = process.memoryUsage().heapUsed - before;
  return grown < 0 ? undefined : grown / (ROUNDS * 512);
}

/** Runs until it costs nothing, since on a busy machine the optimizing compiler may take its time; or gives up. */
function becomesFree(run: () => number): boolean {
  for (let attempt = 0; attempt < 600; attempt++) if ((bytesPerEntry(run) ?? 1) < 1) return true;
  return false;
}

test("testing and taking apart allocates nothing", () => {
  expect(becomesFree(testAndExtract)).toBe(true);
});

test("a changed entry that goes into a typed array at once is never an object", () => {
  expect(becomesFree(changeAndTakeApart)).toBe(true);
});

test("the measurement can see: keeping new entries costs memory, however often it is run", () => {
  const costs = Array.from({ length: 60 }, () => bytesPerEntry(makeAndKeep)).filter(
    (bytes) => bytes !== undefined,
  );
  const median = costs.toSorted((a, b) => a - b)[costs.length >> 1]!;
  expect(median).toBeGreaterThan(12);
});
