/** The caches as containers: what coexists, what serves whom, in which order. */

import { expect, test } from "vitest";
import {
  pagesSpanned,
  TranslationCaches,
  virtualPage,
  type StructureEntry,
  type TlbEntry,
} from "../../src/index.ts";

const RIGHTS = { user: true, write: true, execute: true };
const ENTRY: TlbEntry = {
  pcid: 1,
  global: false,
  level: 1,
  page: 0x123,
  pages: 1,
  frame: 7,
  rights: RIGHTS,
  protectionKey: 0,
  dirty: false,
};
const POINTER: StructureEntry = { pcid: 1, level: 2, prefix: 0, frame: 3, rights: RIGHTS };

test("page numbers keep both halves of the address space apart", () => {
  expect(virtualPage(0x7fff_ffff_f000n)).toBe(0x7_ffff_ffff);
  expect(virtualPage(0xffff_ffff_ffff_f000n)).toBe(2 ** 45 - 1);
  expect([1, 2, 3, 4, 5].map((level) => pagesSpanned(level as 1))).toEqual([
    1,
    512,
    2 ** 18,
    2 ** 27,
    2 ** 36,
  ]);
});

test("old and new translations of one page coexist until something removes the old", () => {
  const caches = new TranslationCaches();
  caches.insertTranslation(ENTRY);
  caches.insertTranslation({ ...ENTRY, frame: 8 });
  caches.insertTranslation({ ...ENTRY }); // The same again changes nothing.
  expect(caches.matching(0x123, 1).map(({ frame }) => frame)).toEqual([7, 8]);
  caches.evictTranslation(caches.translations[0]!);
  expect(caches.matching(0x123, 1).map(({ frame }) => frame)).toEqual([8]);
});

test("a global translation serves every PCID, another only its own", () => {
  const caches = new TranslationCaches();
  caches.insertTranslation(ENTRY);
  expect(caches.matching(0x123, 2)).toEqual([]);
  caches.insertTranslation({ ...ENTRY, global: true });
  expect(caches.matching(0x123, 2).length).toBe(1);
  expect(caches.matching(0x124, 1)).toEqual([]);
});

test("a walk is offered the deepest table pointer first, and only those of its PCID", () => {
  const caches = new TranslationCaches();
  caches.insertStructure({ ...POINTER, level: 4 });
  caches.insertStructure(POINTER);
  caches.insertStructure(POINTER);
  caches.insertStructure({ ...POINTER, pcid: 2 });
  caches.insertStructure({ ...POINTER, level: 3, prefix: 1 });
  expect(caches.startingPoints(0x123, 1).map(({ level }) => level)).toEqual([2, 4]);
  caches.evictStructure(caches.startingPoints(0x123, 1)[0]!);
  expect(caches.startingPoints(0x123, 1).map(({ level }) => level)).toEqual([4]);
});
