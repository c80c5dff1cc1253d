/** Short forms for what families say of user space, and the arrangements that several of them share. */

import type {
  UserArea,
  Arrangement,
  UserCall,
  UserPlace,
  UserModes,
  Userspace,
  UserThread,
} from "./userspace.ts";

/** A page of an area. */
export function at(area: string, page = 0): UserPlace {
  return { area, page };
}

export const load = (area: string, page = 0): UserCall => ({ call: "load", at: at(area, page) });

export const store = (area: string, page: number, value: number): UserCall => ({
  call: "store",
  at: at(area, page),
  value,
});

/** MADV_DONTNEED of one page, or of all of an area. */
export function dontneed(area: string, pages: number | "all" = 1): UserCall {
  return { call: "madvise", advice: "MADV_DONTNEED", at: at(area), pages };
}

export const collapseArea = (area: string): UserCall => ({
  call: "madvise",
  advice: "MADV_COLLAPSE",
  at: at(area),
  pages: "all",
});

export const register = (area: string, ...modes: UserModes): UserCall => ({ call: "register", area, modes });

export const emptyTable = (area: string, anonVma = false): Arrangement => ({
  arrange: "empty-table",
  area,
  anonVma,
});

export const pieces = (area: string): Arrangement => ({ arrange: "pieces", area, pages: 2 });

/** A whole slot of a file. */
export function mapsFile(slot: number, more: Partial<UserArea> = {}): UserArea {
  return { slot, file: "file", shared: true, protection: "r", ...more };
}

/** Only one page of an area is mapped. */
export const only = (area: string, page = 0): Arrangement => ({ arrange: "only", at: at(area, page) });

export const pageout = (area: string): UserCall => ({
  call: "madvise",
  advice: "MADV_PAGEOUT",
  at: at(area),
  pages: 1,
});

export const guardInstall = (area: string): UserCall => ({
  call: "madvise",
  advice: "MADV_GUARD_INSTALL",
  at: at(area),
  pages: 1,
});

export const mremap = (area: string, to: string): UserCall => ({ call: "mremap", area, to });

export const unmapAll = (area: string): UserCall => ({ call: "munmap", area });

export const copy = (area: string, page = 0): UserCall => ({ call: "copy", at: at(area, page) });

export const movePage = (from: UserPlace, to: UserPlace): UserCall => ({ call: "move", from, to });

/** What GUP-fast looks up for reading, and lets go of again. */
export const gupAndPut = (area: string): readonly UserCall[] => [
  { call: "vmsplice", at: at(area) },
  { call: "drain" },
];

/** Said of a race that processors which are interrupted by each flush do not have. */
export const NO_FLUSH_IPI =
  "processors whose TLB flushes interrupt nobody: a guest with paravirtual flushes (KVM or Hyper-V), or INVLPGB";

/** Where the collapse of a file is called from: a process of its own, so that it meets the others in the file only. */
const COLLAPSER: UserThread = {
  does: [collapseArea("theirs")],
  process: "collapser",
  provokes:
    "khugepaged's collapse_file(), which MADV_COLLAPSE of another process that maps the file calls as well; afterwards it " +
    "maps the huge page in that process, which the model does not",
};

/** `collapse_pte_mapped_thp` of khugepaged. */
const COLLAPSE_PIECES: UserThread = {
  does: [collapseArea("vma")],
  provokes:
    "khugepaged's collapse_pte_mapped_thp(), which MADV_COLLAPSE of a huge page that is mapped in pieces calls as well, and " +
    "then maps the page whole, which khugepaged leaves to the next fault",
};

const LAST_PAGE =
  "the last page of the file, which the model's shorter tables do not have, is in the cache: collapse_file() refuses a file " +
  "of holes only";

type Threads = Userspace["threads"];

/** How the mapping beside a collapse differs from an empty shared one of a file of holes. */
export interface BesideCollapse extends Partial<Userspace> {
  readonly area?: string;
  readonly isPrivate?: boolean;
  readonly isCached?: boolean;
  /** Registered with userfaultfd before the race. */
  readonly modes?: UserModes;
}

/** A mapping with an empty table; a process of its own collapses the file, as the thread `collapse`. */
export function besideCollapse(threads: Threads, options: BesideCollapse = {}): Userspace {
  const {
    area = "vma",
    isPrivate = false,
    isCached = false,
    modes = [],
    areas,
    processes,
    ...more
  } = options;
  return {
    files: { file: { cached: isCached ? "all" : 0 } },
    areas: {
      [area]: mapsFile(0, { shared: !isPrivate, protection: "rw" }),
      theirs: mapsFile(0, { process: "collapser" }),
      ...areas,
    },
    processes: { collapser: {}, ...processes },
    setup: [emptyTable(area), ...(modes.length > 0 ? [register(area, ...modes)] : [])],
    threads: { collapse: COLLAPSER, ...threads },
    ...more,
    differs: [...(isCached ? [] : [LAST_PAGE]), ...(more.differs ?? [])],
  };
}

/** Entries that map pieces of the file's huge page; the thread `khugepaged` takes their table away. */
export function besidePieces(
  threads: Threads,
  options: Partial<Userspace> & { readonly isPrivate?: boolean } = {},
): Userspace {
  const { isPrivate = false, areas, setup = [], ...more } = options;
  return {
    files: { file: { cached: "huge" } },
    areas: { vma: mapsFile(0, { shared: !isPrivate, protection: "rw" }), ...areas },
    setup: [pieces("vma"), ...setup],
    threads: { khugepaged: COLLAPSE_PIECES, ...threads },
    ...more,
  };
}

/** One anonymous mapping. */
export function anonymous(
  setup: Userspace["setup"] & {},
  threads: Threads,
  more: Partial<Userspace> = {},
): Userspace {
  return { areas: { vma: { slot: 0 } }, setup, threads, ...more };
}

/** One mapping of a file with some pages in its cache. */
export function ofFile(
  cached: number,
  setup: Userspace["setup"] & {},
  threads: Threads,
  more: Partial<Userspace> = {},
): Userspace {
  const areas = { vma: mapsFile(0, { protection: "rw" }) };
  return { files: { file: { cached } }, areas, setup, threads, ...more };
}
