/**
 * What a kernel release means by the bits it may choose freely: a value per release, not a switch in code.
 *
 * Sources: arch/x86/include/asm/pgtable_types.h (software bits), include/linux/swap.h and swapops.h (types of
 * not-present entries). 6.1 and 6.12 are checked row by row against those headers; 6.6, 6.13, 6.15 and 6.17, in
 * which one of these facts changed, rest on reading the change alone.
 * Differences: docs/model/x86-entries-6.1-vs-6.12.md.
 */

import { bitMask, bits, entry, NONE_ENTRY, type Word } from "./entry.ts";
import { PagingError } from "./errors.ts";
import { FLAG, PTE_PFN_MASK } from "./flags.ts";
import type { LevelCount } from "./level.ts";

/** Types of not-present entries above the swap files. Five bits each, 0..31; `undefined`: no such type. */
export interface SwapTypes {
  /** Types below this number name swap files. */
  readonly swapFiles: number;
  readonly hwpoison: number;
  readonly migrationRead: number;
  readonly migrationReadExclusive: number;
  readonly migrationWrite: number;
  readonly deviceWrite: number;
  readonly deviceRead: number;
  readonly deviceExclusiveWrite: number;
  /** Gone in 6.15, which keeps one exclusive device type. */
  readonly deviceExclusiveRead: number | undefined;
  readonly pteMarker: number;
  /** 6.1 only; later a poison marker says the same. */
  readonly swapinError: number | undefined;
}

/** Bits of a PTE marker that the release knows; 0 where it does not. */
export interface MarkerBits {
  readonly uffdWp: number;
  readonly poison: number;
  readonly guard: number;
}

/** How one kernel release, on one kind of processor, lays out and interprets entries. */
export interface EntryLayout {
  /** The first release with this layout, for example `6.12`. */
  readonly release: string;
  /** The bit for pages of a device (pmem, HMM); an empty mask where the release has none. */
  readonly devmap: Word;
  /** Where Dirty hides while Write is clear; an empty mask before 6.6. */
  readonly savedDirty: Word;
  /** Set in a root entry: no copy in the user page table (PTI). Shares its bit with saved-dirty. */
  readonly noPtiShadow: Word;
  /** What `pte_modify()` and `pgprot_modify()` keep of the old value. */
  readonly changeMask: Word;
  /** `pmd_special()` and `pud_special()` exist (6.12). Only for descriptions. */
  readonly specialLarge: boolean;
  /**
   * `pud_leaf()` (then named `pud_large()`) also asks for Present. True for 6.1 and false for 6.12 by their headers;
   * in which release between them it changed was not looked up.
   */
  readonly pudLeafIsPresent: boolean;
  /** Setting uffd-wp also write-protects (6.6). */
  readonly uffdWpImpliesReadOnly: boolean;
  readonly swapTypes: SwapTypes;
  readonly markers: MarkerBits;
  readonly machine: MachineOptions;
}

/** What the meaning of entries takes from the machine rather than from the release. */
export interface MachineOptions {
  /** Levels of paging. Not-present entries that name a frame have 34 bits for it with four, 40 with five. */
  readonly levels: LevelCount;
  /** User shadow stacks are on (X86_FEATURE_USER_SHSTK): Write = 0 with Dirty = 1 is then writable. */
  readonly shadowStack: boolean;
  /** Built with page-table isolation: NX in a root entry is then not a mistake. */
  readonly pageTableIsolation: boolean;
}

const KEPT_ALWAYS: Word = bits(
  PTE_PFN_MASK,
  FLAG.PCD,
  FLAG.PWT,
  FLAG.PAT,
  FLAG.SPECIAL,
  FLAG.ACCESSED,
  FLAG.DIRTY,
  FLAG.SOFT_DIRTY,
  FLAG.UFFD_WP,
);

const SOFTW4_OLD: Word = bitMask(58);
const SOFTW4: Word = bitMask(57);
const SOFTW5: Word = bitMask(58);

/** Linux 6.1. DEVMAP is bit 58, Dirty is always bit 6, and 22 swap files leave room for ten special types. */
export const LINUX_6_1: EntryLayout = {
  release: "6.1",
  devmap: SOFTW4_OLD,
  savedDirty: NONE_ENTRY,
  noPtiShadow: NONE_ENTRY,
  changeMask: bits(KEPT_ALWAYS, SOFTW4_OLD),
  specialLarge: false,
  pudLeafIsPresent: true,
  uffdWpImpliesReadOnly: false,
  swapTypes: {
    swapFiles: 22,
    hwpoison: 22,
    migrationRead: 23,
    migrationReadExclusive: 24,
    migrationWrite: 25,
    deviceWrite: 26,
    deviceRead: 27,
    deviceExclusiveWrite: 28,
    deviceExclusiveRead: 29,
    pteMarker: 30,
    swapinError: 31,
  },
  markers: { uffdWp: 1, poison: 0, guard: 0 },
  machine: { levels: 4, shadowStack: false, pageTableIsolation: false },
};

/** Linux 6.6. Shadow stacks: saved-dirty takes bit 58 and DEVMAP moves to 57; poison becomes a marker. */
export const LINUX_6_6: EntryLayout = {
  ...LINUX_6_1,
  release: "6.6",
  devmap: SOFTW4,
  savedDirty: SOFTW5,
  changeMask: bits(KEPT_ALWAYS, SOFTW4, SOFTW5),
  uffdWpImpliesReadOnly: true,
  swapTypes: {
    swapFiles: 23,
    hwpoison: 23,
    migrationRead: 24,
    migrationReadExclusive: 25,
    migrationWrite: 26,
    deviceWrite: 27,
    deviceRead: 28,
    deviceExclusiveWrite: 29,
    deviceExclusiveRead: 30,
    pteMarker: 31,
    swapinError: undefined,
  },
  markers: { uffdWp: 1, poison: 2, guard: 0 },
};

/** Linux 6.12. Large entries may be special; `pud_leaf()` no longer looks at Present. */
export const LINUX_6_12: EntryLayout = {
  ...LINUX_6_6,
  release: "6.12",
  noPtiShadow: SOFTW5,
  specialLarge: true,
  pudLeafIsPresent: false,
};

/** Linux 6.13. Guard markers. */
export const LINUX_6_13: EntryLayout = {
  ...LINUX_6_12,
  release: "6.13",
  markers: { uffdWp: 1, poison: 2, guard: 4 },
};

/** Linux 6.15. One exclusive device type, so that one more swap file fits. */
export const LINUX_6_15: EntryLayout = {
  ...LINUX_6_13,
  release: "6.15",
  swapTypes: {
    swapFiles: 24,
    hwpoison: 24,
    migrationRead: 25,
    migrationReadExclusive: 26,
    migrationWrite: 27,
    deviceWrite: 28,
    deviceRead: 29,
    deviceExclusiveWrite: 30,
    deviceExclusiveRead: undefined,
    pteMarker: 31,
    swapinError: undefined,
  },
};

/** Linux 6.17. No DEVMAP: bit 57 has no meaning and does not survive a change of protection. */
export const LINUX_6_17: EntryLayout = {
  ...LINUX_6_15,
  release: "6.17",
  devmap: NONE_ENTRY,
  changeMask: bits(KEPT_ALWAYS, SOFTW5),
};

/** Every layout known here, oldest first. */
export const LAYOUTS: readonly EntryLayout[] = [
  LINUX_6_1,
  LINUX_6_6,
  LINUX_6_12,
  LINUX_6_13,
  LINUX_6_15,
  LINUX_6_17,
];

/** The same release on another machine; options not given stay as they are (4 levels, all else off). */
export function onMachine(layout: EntryLayout, options: Partial<MachineOptions>): EntryLayout {
  return { ...layout, machine: { ...layout.machine, ...options } };
}

/**
 * The layout of a release such as `6.1`, `6.14` or `6.12.117`: the newest one that is not younger.
 *
 * @throws {PagingError} `bad-argument` for text that is no release, or one before 6.1.
 */
export function layoutOf(release: string): EntryLayout {
  const wanted = releaseNumber(release);
  const found = LAYOUTS.findLast((layout) => releaseNumber(layout.release) <= wanted);
  if (found !== undefined) return found;
  throw new PagingError("bad-argument", JSON.stringify(release), "layouts are known from Linux 6.1 on");
}

/** Bits 63..52 and 11..0: everything that is not the frame field. */
export const PTE_FLAGS_MASK: Word = entry(~PTE_PFN_MASK.lo, ~PTE_PFN_MASK.hi);

/** Bits of a frame number in a not-present entry: `SWP_PFN_BITS`. */
export function swapPfnBits(layout: EntryLayout): 34 | 40 {
  return layout.machine.levels === 5 ? 40 : 34;
}

function releaseNumber(release: string): number {
  const match = /^v?(\d+)\.(\d+)(?:[.-].*)?$/.exec(release);
  if (match !== null) return Number(match[1]) * 1000 + Number(match[2]);
  throw new PagingError("bad-argument", JSON.stringify(release), "a release looks like 6.12");
}
