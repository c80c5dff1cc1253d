/** Stories that software gets wrong: each shows what a processor may still do after memory has changed. */

import { beforeEach, describe, expect, test } from "vitest";
import {
  ACCESSED,
  accessThroughCaches,
  DIRTY,
  FAULT_BIT,
  GLOBAL,
  invlpg,
  LINUX_CONTROLS,
  loadCr3,
  mkTable,
  NONE_ENTRY,
  pteMkclean,
  pteWrprotect,
  RW,
  SparseMemory,
  speculativeFill,
  TranslationCaches,
  USER,
  virtualPage,
  type Access,
  type CacheChoices,
  type CachedResult,
} from "../../src/index.ts";
import { largePage, page } from "../entries.ts";

const VA = 0x7f00_4060_8abcn; // Indices 0xfe, 1, 3, 8.
const READ: Access = { kind: "read", user: true };
const WRITE: Access = { kind: "write", user: true };
const SPACE = { rootFrame: 1, pcid: 5 };

let memory: SparseMemory;
let caches: TranslationCaches;
const io = () => ({ read: memory.read, write: memory.write.bind(memory) });
const access = (what: Access, choices: CacheChoices = {}, va: bigint = VA): CachedResult =>
  accessThroughCaches(caches, io(), SPACE, va, what, LINUX_CONTROLS, choices);
const speculate = (choices: CacheChoices = {}): boolean =>
  speculativeFill(caches, io(), SPACE, VA, LINUX_CONTROLS, choices);

beforeEach(() => {
  caches = new TranslationCaches();
  memory = new SparseMemory();
  memory.write(1, 0xfe, mkTable(2));
  memory.write(2, 1, mkTable(3));
  memory.write(3, 3, mkTable(4));
  memory.write(4, 8, page(0x34, RW | USER));
});

describe("filling and using", () => {
  test("the first access walks, marks and fills; the second reads no memory", () => {
    expect(access(READ)).toMatchObject({ kind: "translated", pa: 0x34abc });
    expect(memory.read(4, 8).lo & (ACCESSED | DIRTY)).toBe(ACCESSED);
    expect(caches.structures.map(({ level, frame }) => [level, frame])).toEqual([
      [4, 2],
      [3, 3],
      [2, 4],
    ]);
    memory = new SparseMemory();
    expect(access(READ)).toMatchObject({ kind: "hit", pa: 0x34abc });
  });

  test("a clean translation is no good for a write: Dirty must be set in memory first", () => {
    access(READ);
    expect(access(WRITE)).toMatchObject({ kind: "translated" });
    expect(memory.read(4, 8).lo & DIRTY).toBe(DIRTY);
    expect(caches.matching(virtualPage(VA), 5).map(({ dirty }) => dirty)).toEqual([true]);
    expect(access(WRITE)).toMatchObject({ kind: "hit" });
  });

  test("a page that is dirty already is cached as such by a read, and then written without a walk", () => {
    memory.write(4, 8, page(0x34, RW | USER | DIRTY));
    access(READ);
    expect(access(WRITE)).toMatchObject({ kind: "hit" });
  });

  test("a fill nobody asked for sets Accessed, never Dirty, whatever the rights", () => {
    memory.write(4, 8, page(0x34, 0)); // Neither user nor writable.
    expect(speculate()).toBe(true);
    expect(memory.read(4, 8).lo & (ACCESSED | DIRTY)).toBe(ACCESSED);
    memory.write(4, 8, page(0x34, USER)); // The supervisor may not touch it under SMAP, and still may cache it.
    caches = new TranslationCaches();
    expect(speculate()).toBe(true);
    memory.write(4, 8, NONE_ENTRY);
    caches = new TranslationCaches();
    expect(speculate()).toBe(false);
    expect(caches.translations).toEqual([]);
  });

  test("a large page may be cached whole or in fragments", () => {
    memory.write(3, 3, largePage(0x200, RW | USER));
    access(READ, { fragment: true });
    expect(caches.translations.map(({ pages, frame }) => [pages, frame])).toEqual([[1, 0x208]]);
    expect(access(READ, {}, VA + 0x1000n)).toMatchObject({ kind: "translated", pa: 0x20_9abc });
    expect(access(READ, { translation: 1 }, VA)).toMatchObject({ kind: "hit", pa: 0x20_8abc });
  });

  test("an address that is not canonical touches nothing", () => {
    expect(access(READ, {}, 1n << 47n)).toEqual({ kind: "non-canonical" });
    expect(caches.translations).toEqual([]);
  });
});

describe("stale translations", () => {
  test("a cleared entry can be written through until INVLPG", () => {
    access(WRITE);
    memory.write(4, 8, NONE_ENTRY);
    expect(access(WRITE)).toMatchObject({ kind: "hit", pa: 0x34abc });
    invlpg(caches, virtualPage(VA), 5);
    expect(access(WRITE)).toMatchObject({ kind: "fault", code: 0b110 });
  });

  test("after clearing no Dirty bit can appear, since a clean translation has to walk", () => {
    access(READ);
    memory.write(4, 8, NONE_ENTRY);
    expect(access(WRITE)).toMatchObject({ kind: "fault" });
    expect(memory.read(4, 8)).toEqual(NONE_ENTRY);
  });

  test("write-protecting without a flush leaves a writable, dirty translation that marks nothing", () => {
    access(WRITE);
    memory.write(4, 8, pteMkclean(pteWrprotect(memory.read(4, 8))));
    expect(access(WRITE)).toMatchObject({ kind: "hit" });
    expect(memory.read(4, 8).lo & DIRTY).toBe(0);
  });

  test("a fault that only the TLB causes goes away by itself", () => {
    memory.write(4, 8, page(0x34, USER));
    access(READ);
    memory.write(4, 8, page(0x34, RW | USER)); // Permission only grows: software need not flush.
    expect(access(WRITE)).toMatchObject({ kind: "tlb-fault", code: 0b111 });
    expect(access(WRITE)).toMatchObject({ kind: "translated" });
  });

  test("a freed table is still walked through a cached pointer to it", () => {
    access(READ);
    memory.write(3, 3, NONE_ENTRY); // The pmd is cleared and the table in frame 4 freed and reused ...
    memory.write(4, 8, page(0x66, RW | USER)); // ... by somebody who stores something else in it.
    caches.retain(
      () => false,
      () => true,
    ); // The page's own translation happened to be evicted.
    expect(access(READ)).toMatchObject({ kind: "translated", pa: 0x66abc, steps: [{ level: 1 }] });
    expect(access(READ, { start: "none", translation: "none" })).toMatchObject({ kind: "fault", level: 2 });
  });

  test("rights of a skipped level stay as they were when it was cached", () => {
    memory.write(3, 3, { lo: mkTable(4).lo & ~RW, hi: 0 });
    access(READ);
    memory.write(3, 3, mkTable(4));
    expect(access(WRITE, { translation: "none" })).toMatchObject({ kind: "fault", code: 0b111 });
    expect(access(WRITE)).toMatchObject({ kind: "translated" }); // The fault has dropped the pointer.
  });

  test("switching address spaces with bit 63 keeps everything; without it, all but global pages go", () => {
    memory.write(4, 8, page(0x34, RW | USER | GLOBAL));
    access(READ);
    memory.write(4, 8, NONE_ENTRY);
    loadCr3(caches, { pcid: 5, noFlush: true });
    expect(caches.structures.length).toBe(3);
    loadCr3(caches, { pcid: 5, noFlush: false });
    expect(caches.structures).toEqual([]);
    expect(access(READ)).toMatchObject({ kind: "hit" });
  });

  test("protection keys are looked up at the access, not at the fill", () => {
    memory.write(4, 8, { lo: page(0x34, RW | USER).lo, hi: 3 << 27 });
    access(READ);
    const controls = { ...LINUX_CONTROLS, pkru: 1 << 6 };
    const result = accessThroughCaches(caches, io(), SPACE, VA, READ, controls);
    expect(result).toMatchObject({ kind: "tlb-fault", code: 0b101 | FAULT_BIT.protectionKey });
  });
});
