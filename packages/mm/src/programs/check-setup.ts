/** Whether a program's set-up fits together: what is populated is mapped, and there is room for it. */

import { areaOf, contains, isModelled, overlap, SLOT_PAGES, type Area } from "./areas.ts";
import { specOf } from "./call-specs.ts";
import type { Refuse } from "./check.ts";
import { MAP_PRIVATE, MODE_MINOR, MODE_WP, PTE_MARKER_UFFD_WP } from "./constants.ts";
import type { Call, Program } from "./program.ts";

const PROT_WRITE = 2;

/** What files hold: the indices of the page cache, or all as one folio. */
interface CacheState {
  readonly pages: Set<number>;
  isHuge: boolean;
}

/** @param refuse ends the check. */
export function checkSetup(program: Program, refuse: Refuse): void {
  const caches = checkCaches(program, refuse);
  for (const { setup } of program.processes) new SetupChecker(program, caches, refuse).check(setup);
}

function checkCaches({ files, geometry }: Program, refuse: Refuse): readonly CacheState[] {
  const caches: CacheState[] = [];
  for (const call of files) {
    if (specOf(call.name).makes === "file") {
      caches.push({ pages: new Set(), isHuge: false });
      continue;
    }
    const cache = caches[call.args[0]!] ?? refuse(call, "The file is made further down.");
    if (cache.isHuge || (call.name === "page_cache_huge" && cache.pages.size > 0))
      refuse(call, "The page cache holds small pages of a file, or one huge folio.");
    if (call.name === "page_cache_huge") cache.isHuge = true;
    else addPages(cache, call, geometry.ptesPerTable, refuse);
  }
  return caches;
}

function addPages({ pages }: CacheState, call: Call, limit: number, refuse: Refuse): void {
  const [, index, count] = call.args as [number, number, number];
  for (let page = index; page < index + count; page++) {
    if (page >= limit || pages.has(page))
      refuse(call, pages.has(page) ? `Page ${page} is cached twice.` : `The file has ${limit} pages here.`);
    pages.add(page);
  }
}

/** One process. */
class SetupChecker {
  readonly #program: Program;
  readonly #caches: readonly CacheState[];
  readonly #refuse: Refuse;
  readonly #areas: Area[] = [];
  readonly #used = new Set<number>();
  readonly #tables = new Set<number>();
  readonly #huge = new Set<number>();
  readonly #protected: Area[] = [];
  #hasUffd = false;

  constructor(program: Program, caches: readonly CacheState[], refuse: Refuse) {
    this.#program = program;
    this.#caches = caches;
    this.#refuse = refuse;
  }

  check(setup: readonly Call[]): void {
    for (const call of setup) this.#checkCall(call);
  }

  #checkCall(call: Call): void {
    const [page = 0] = call.args;
    this.#checks[call.name]?.(call, page);
  }

  /** What is asked of each call. */
  readonly #checks: Readonly<Partial<Record<Call["name"], (call: Call, page: number) => void>>> = {
    userfaultfd: (call) => {
      if (this.#hasUffd) this.#refuse(call, "A process has one userfaultfd here.");
      this.#hasUffd = true;
    },
    mmap: (call) => {
      if (this.#areas.some((area) => overlap(area, areaOf(call))))
        this.#refuse(call, "There is a mapping in this place already.");
      this.#areas.push(areaOf(call));
    },
    ioctl$UFFDIO_REGISTER: (call) => this.#checkRegister(call),
    page_table: (call, page) => {
      this.#areaAt(call, page);
      this.#addTable(call, page);
    },
    populate: (call, page) => {
      for (let at = page; at < page + call.args[1]!; at++) this.#populate(call, at);
    },
    populate_huge: (call, page) => this.#populateHuge(call, page),
    pte_marker: (call, page) => this.#checkMarker(call, page),
  };

  #checkRegister(call: Call): void {
    const [start, pages, modes] = call.args as [number, number, number];
    const hit = this.#areas.filter((area) => overlap(area, { start, pages }));
    if ((modes & MODE_WP) !== 0) this.#protected.push(...hit);
    if (hit.length === 0) this.#refuse(call, "Nothing is mapped here yet: register after mmap().");
    for (const { file } of hit) {
      const kind = file < 0 ? "anonymous" : this.#kindOf(file);
      if (kind === "open") this.#refuse(call, "Of files only shmem can be registered.");
      if (kind === "anonymous" && (modes & MODE_MINOR) !== 0)
        this.#refuse(call, "UFFDIO_REGISTER_MODE_MINOR is for shmem: anonymous memory has no minor faults.");
    }
  }

  #checkMarker(call: Call, page: number): void {
    const { file } = this.#areaAt(call, page);
    const isProtected = this.#protected.some((area) => contains(area, { start: page, pages: 1 }));
    if (call.args[1] === PTE_MARKER_UFFD_WP && (file < 0 || !isProtected))
      this.#refuse(
        call,
        "This marker is for mappings of shmem that are registered with UFFDIO_REGISTER_MODE_WP.",
      );
    this.#use(call, page);
  }

  #kindOf(file: number): string {
    return this.#program.files.filter(({ name }) => specOf(name).makes === "file")[file]!.name;
  }

  #areaAt(call: Call, page: number): Area {
    const found = this.#areas.find((area) => contains(area, { start: page, pages: 1 }));
    return found ?? this.#refuse(call, `Nothing is mapped at page ${page} yet: write mmap() before.`);
  }

  #addTable(call: Call, page: number): void {
    const slot = Math.floor(page / SLOT_PAGES);
    if (this.#huge.has(slot)) this.#refuse(call, "A huge page is mapped there: it has no table.");
    this.#tables.add(slot);
  }

  #use(call: Call, page: number): void {
    const { geometry } = this.#program;
    if (!isModelled(geometry, page))
      this.#refuse(call, `Of each 2 MiB only the first ${geometry.ptesPerTable} pages exist in this world.`);
    this.#addTable(call, page);
    if (this.#used.has(page)) this.#refuse(call, `Page ${page} is populated twice.`);
    this.#used.add(page);
  }

  #populate(call: Call, page: number): void {
    const area = this.#areaAt(call, page);
    this.#use(call, page);
    if (area.file < 0) return this.#needWritable(call, area);
    const index = area.pgoff + page - area.start;
    const cache = this.#caches[area.file]!;
    if (!cache.isHuge && !cache.pages.has(index))
      this.#refuse(call, `Page ${index} of the file is not in the page cache: write page_cache() before.`);
  }

  #populateHuge(call: Call, page: number): void {
    const area = this.#areaAt(call, page);
    const slot = page / SLOT_PAGES;
    if (!contains(area, { start: page, pages: SLOT_PAGES }))
      this.#refuse(call, "The mapping has not all of the 2 MiB.");
    if (this.#tables.has(slot) || this.#huge.has(slot))
      this.#refuse(call, "There is a table or a huge page already.");
    this.#huge.add(slot);
    if (area.file < 0) return this.#needWritable(call, area);
    if (!this.#caches[area.file]!.isHuge || area.pgoff + page - area.start !== 0)
      this.#refuse(call, "The file has no huge folio for this place: write page_cache_huge() before.");
  }

  #needWritable(call: Call, { prot, map }: Area): void {
    if ((map & MAP_PRIVATE) !== 0 && (prot & PROT_WRITE) === 0)
      this.#refuse(call, "Anonymous pages have been written: the mapping needs PROT_WRITE.");
  }
}
