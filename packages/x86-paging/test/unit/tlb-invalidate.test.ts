/**
 * Which cached translations each invalidation removes and which it may leave: a population with every kind of
 * entry, and for each operation the manual's sentence written as a predicate over names.
 */

import { describe, expect, test } from "vitest";
import {
  enableSmep,
  invalidateAfterFault,
  invlpg,
  invpcidAddress,
  invpcidAll,
  invpcidAllNonGlobal,
  invpcidContext,
  loadCr3,
  TranslationCaches,
  type Level,
} from "../../src/index.ts";

/** The address at which all operations aim: page 0x403, in the third 2 MiB of the address space. */
const PAGE = 0x403;
const CURRENT = 1;

/** Where an entry lies: at PAGE, elsewhere in its 2 MiB, or in another half of the address space. */
type Place = "here" | "near" | "far";
const PAGE_OF: Readonly<Record<Place, number>> = { here: PAGE, near: 0x404, far: 2 ** 44 };

interface Named {
  readonly name: string;
  readonly pcid: number;
  readonly global: boolean;
  readonly place: Place;
  readonly size: "4K" | "2M" | "fragment of 2M";
}

function population(): { caches: TranslationCaches; names: Map<object, Named> } {
  const caches = new TranslationCaches();
  const names = new Map<object, Named>();
  const rights = { user: true, write: true, execute: true };
  for (const pcid of [CURRENT, 2]) {
    for (const global of [false, true]) {
      for (const place of ["here", "near", "far"] as const) {
        for (const size of ["4K", "2M", "fragment of 2M"] as const) {
          const isLarge = size === "2M";
          if (isLarge && place === "near") continue; // The same entry as "here".
          const page = isLarge ? Math.floor(PAGE_OF[place] / 512) * 512 : PAGE_OF[place];
          const level: Level = size === "4K" ? 1 : 2;
          caches.insertTranslation({
            pcid,
            global,
            level,
            page,
            pages: isLarge ? 512 : 1,
            frame: 0,
            rights,
            protectionKey: 0,
            dirty: true,
          });
          const name = `${pcid}${global ? " global" : ""} ${place} ${size}`;
          names.set(caches.translations.at(-1)!, { name, pcid, global, place, size });
        }
      }
    }
    for (const level of [2, 3, 4] as const) {
      for (const place of ["here", "far"] as const) {
        const prefix = Math.floor(PAGE_OF[place] / 512 ** (level - 1));
        caches.insertStructure({ pcid, level, prefix, frame: level, rights });
      }
    }
  }
  return { caches, names };
}

/** Does an entry belong to the page aimed at? A large page covers "here" and "near", in one piece or in fragments. */
const ofPage = ({ place, size }: Named): boolean => place === "here" || (place === "near" && size !== "4K");

interface Rule {
  readonly run: (caches: TranslationCaches) => number;
  readonly translationGoes: (entry: Named) => boolean;
  /** [current PCID here, current PCID far, other PCID here, other PCID far]. */
  readonly structureGoes: readonly [boolean, boolean, boolean, boolean];
}

const RULES: Readonly<Record<string, Rule>> = {
  INVLPG: {
    run: (caches) => invlpg(caches, PAGE, CURRENT),
    translationGoes: (entry) => ofPage(entry) && (entry.pcid === CURRENT || entry.global),
    structureGoes: [true, true, false, false],
  },
  "INVPCID address": {
    run: (caches) => invpcidAddress(caches, PAGE, 2),
    translationGoes: (entry) => ofPage(entry) && entry.pcid === 2 && !entry.global,
    structureGoes: [false, false, true, false],
  },
  "INVPCID context": {
    run: (caches) => invpcidContext(caches, 2),
    translationGoes: (entry) => entry.pcid === 2 && !entry.global,
    structureGoes: [false, false, true, true],
  },
  "INVPCID all": {
    run: invpcidAll,
    translationGoes: () => true,
    structureGoes: [true, true, true, true],
  },
  "INVPCID all but global": {
    run: invpcidAllNonGlobal,
    translationGoes: (entry) => !entry.global,
    structureGoes: [true, true, true, true],
  },
  "MOV to CR3": {
    run: (caches) => loadCr3(caches, { pcid: 2, noFlush: false }),
    translationGoes: (entry) => entry.pcid === 2 && !entry.global,
    structureGoes: [false, false, true, true],
  },
  "MOV to CR3 with bit 63": {
    run: (caches) => loadCr3(caches, { pcid: 2, noFlush: true }),
    translationGoes: () => false,
    structureGoes: [false, false, false, false],
  },
  "CR4.SMEP set": {
    run: (caches) => enableSmep(caches, CURRENT),
    translationGoes: (entry) => entry.pcid === CURRENT,
    structureGoes: [true, true, false, false],
  },
  "page fault": {
    run: (caches) => invalidateAfterFault(caches, PAGE, CURRENT),
    translationGoes: (entry) => ofPage(entry) && (entry.pcid === CURRENT || entry.global),
    structureGoes: [true, false, false, false],
  },
};

describe.each(Object.entries(RULES))("%s", (_, rule) => {
  test("removes what it must and leaves what it may", () => {
    const { caches, names } = population();
    const before = caches.translations.length + caches.structures.length;
    expect(before).toBe(32 + 12);

    const removed = rule.run(caches);
    const left = caches.translations.map((entry) => names.get(entry)!.name);
    const expected = [...names.values()]
      .filter((entry) => !rule.translationGoes(entry))
      .map(({ name }) => name);
    expect(left).toEqual(expected);

    const survivors = (pcid: number, place: Place): number =>
      caches.structures.filter(
        (entry) =>
          entry.pcid === pcid && entry.prefix === Math.floor(PAGE_OF[place] / 512 ** (entry.level - 1)),
      ).length;
    const gone = [
      survivors(CURRENT, "here"),
      survivors(CURRENT, "far"),
      survivors(2, "here"),
      survivors(2, "far"),
    ];
    expect(gone).toEqual(rule.structureGoes.map((goes) => (goes ? 0 : 3)));
    expect(removed).toBe(before - caches.translations.length - caches.structures.length);
  });
});
