/**
 * Dumped page tables against what others read out of them: QEMU's lists, and the pagemap that a process read of itself.
 * A first reader may skip it.
 */

import { taskSizeMax } from "../address.ts";
import { listEntries } from "../dump/address-space.ts";
import type { DumpCpu, PageTableDump } from "../dump/format.ts";
import {
  PAGEMAP_COMPARED,
  PAGEMAP_EXCLUSIVE,
  PAGEMAP_FILE,
  PAGEMAP_SOFT_DIRTY,
  pagemapOf,
  pagesOf,
} from "../dump/pagemap.ts";
import { qemuMemory, qemuTlb, type MemoryRange, type TlbLine } from "../dump/qemu.ts";
import { layoutOf } from "../layout.ts";

/** Which pagemap belongs to which cpu, in the dumps that carry pagemaps. */
const SPACES = ["cpu0_child", "cpu1_parent"] as const;

/** What one comparison of a process with its pagemap found, in pages. */
export interface PagemapTally {
  agree: number;
  differ: string[];
  /** The 6.1 and 6.12 kernels do not report soft-dirty for hugetlb pages, though their entries carry it. */
  softDirtyOfHugetlb: number;
  notInPagemap: number;
  protNone: number;
  swapped: number;
  missing: number;
}

/**
 * Compares every entry of an address space with the pagemap of its process; `undefined` when the dump has none. Both
 * sides are in order of address, so they are merged.
 *
 * @param isHugetlb whether an address lies in a hugetlb mapping, where kernels do not report soft-dirty.
 */
export function compareWithPagemap(
  dump: PageTableDump,
  cpu: DumpCpu,
  isHugetlb: (va: bigint) => boolean,
): PagemapTally | undefined {
  const pagemap = dump.pagemaps.get(SPACES[cpu.cpu] ?? "");
  if (pagemap === undefined) return undefined;
  const layout = layoutOf(dump.kernel);
  const tally = {
    agree: 0,
    differ: [] as string[],
    softDirtyOfHugetlb: 0,
    notInPagemap: 0,
    protNone: 0,
    swapped: 0,
    missing: 0,
  };
  const words = pagemap();
  let word = words.next();
  const skipTo = (va: bigint): void => {
    for (; word.done !== true && word.value.va < va; word = words.next()) {
      if (!isEmpty(word.value.value)) tally.missing++;
    }
  };
  for (const { va, level, entry, kind } of listEntries(dump.memory.read, cpu.rootFrame, cpu.levels)) {
    if (va >= taskSizeMax(cpu.levels)) break;
    for (let page = 0; page < pagesOf(level); page++) {
      const at = va + BigInt(page) * 4096n;
      skipTo(at);
      if (word.done === true || word.value.va !== at) {
        tally.notInPagemap++;
        continue;
      }
      const kernel = word.value.value;
      word = words.next();
      const ours = pagemapOf(entry, level, page, layout);
      // A VMA may be soft-dirty as a whole, so a bit that only the kernel has proves nothing.
      const softDirtyLost = (ours & ~kernel & PAGEMAP_SOFT_DIRTY) !== 0n;
      if (((ours ^ kernel) & PAGEMAP_COMPARED) !== 0n) tally.differ.push(`${at}: ${ours} is not ${kernel}`);
      else if (softDirtyLost && isHugetlb(at)) tally.softDirtyOfHugetlb++;
      else if (softDirtyLost) tally.differ.push(`${at}: soft-dirty`);
      else tally.agree++;
      if (kind === "prot-none") tally.protNone++;
      if (kind === "swap") tally.swapped++;
    }
  }
  skipTo(taskSizeMax(cpu.levels));
  return tally;
}

/** Words with nothing but "file", "exclusive" or "soft-dirty" describe empty places. */
function isEmpty(value: bigint): boolean {
  return (value & ~(PAGEMAP_SOFT_DIRTY | PAGEMAP_FILE | PAGEMAP_EXCLUSIVE)) === 0n;
}

/** What comparing an address space with QEMU's `info tlb` showed. */
export interface TlbTally {
  /** Leaves that we list. */
  leaves: number;
  /** Lines that differ or that only one side has, the first few of them in words. */
  differences: number;
  readonly examples: string[];
}

/** How many differences are kept in words. */
const EXAMPLES_MAX = 5;

/** Compares our list of an address space with QEMU's, line by line. */
export function compareWithTlb(dump: PageTableDump, cpu: DumpCpu): TlbTally {
  const tally: TlbTally = { leaves: 0, differences: 0, examples: [] };
  const ours = qemuTlb(dump.memory.read, cpu.rootFrame, cpu.levels);
  const theirs = cpu.tlb();
  for (
    let [a, b] = [ours.next(), theirs.next()];
    a.done !== true || b.done !== true;
    [a, b] = [ours.next(), theirs.next()]
  ) {
    if (a.done !== true) tally.leaves++;
    const isSame = a.done !== true && b.done !== true && sameLine(a.value, b.value);
    if (isSame) continue;
    tally.differences++;
    if (tally.examples.length < EXAMPLES_MAX)
      tally.examples.push(`ours ${lineText(a.value)}, QEMU ${lineText(b.value)}`);
  }
  return tally;
}

/** Whether our ranges are QEMU's `info mem`; `undefined` when the dump has none, as with five levels. */
export function sameMemoryRanges(dump: PageTableDump, cpu: DumpCpu): boolean | undefined {
  const theirs = [...cpu.memory()];
  if (theirs.length === 0) return undefined;
  const ours = [...qemuMemory(dump.memory.read, cpu.rootFrame, cpu.levels)];
  return ours.length === theirs.length && ours.every((range, i) => sameRange(range, theirs[i]!));
}

function sameRange(a: MemoryRange, b: MemoryRange): boolean {
  return a.start === b.start && a.size === b.size && a.permissions === b.permissions;
}

function sameLine(a: TlbLine, b: TlbLine): boolean {
  return a.va === b.va && a.pa === b.pa && a.size === b.size && a.flags === b.flags;
}

function lineText(line: TlbLine | undefined): string {
  return line === undefined
    ? "nothing"
    : `${line.va.toString(16)}: ${line.pa.toString(16)} ${line.flags} (${line.size})`;
}
