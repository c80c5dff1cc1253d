/**
 * Page tables of booted kernels: our list must equal QEMU's, line by line, and our reading of every entry must
 * agree with what the kernel told the process itself in pagemap.
 */

import { expect, test } from "vitest";
import {
  layoutOf,
  listEntries,
  PAGEMAP_COMPARED,
  PAGEMAP_EXCLUSIVE,
  PAGEMAP_FILE,
  PAGEMAP_SOFT_DIRTY,
  pagemapOf,
  pagesOf,
  qemuMemory,
  qemuTlb,
  taskSizeMax,
  type DumpCpu,
  type PageTableDump,
} from "../../src/index.ts";
import { DUMP_NAMES, readDump, readDumpJson } from "../dumps.ts";

/** Leaves per address space as QEMU counted them, cpu 0 then cpu 1. */
const LEAVES = {
  "deb61-1g": [77_174, 76_783],
  "deb61-4level": [76_372, 75_982],
  "deb61-la57": [76_385, 75_995],
  "k612-4level-swap": [5_993, 5_630],
} as const;

/** Written hugetlb pages in units of 4 KiB: three of 2 MiB, and on one machine one of 1 GiB. */
const HUGETLB_PAGES_WRITTEN = {
  "deb61-1g": 3 * 512 + 512 * 512,
  "deb61-4level": 3 * 512,
  "deb61-la57": 3 * 512,
  "k612-4level-swap": 0,
} as const;

/** Not-present entries other than PROT_NONE: six uffd-wp markers in each parent, 55 swap entries per process. */
const SWAP_ENTRIES = {
  "deb61-1g": [0, 6],
  "deb61-4level": [0, 6],
  "deb61-la57": [0, 6],
  "k612-4level-swap": [55, 61],
} as const;

const SPACES = ["cpu0_child", "cpu1_parent"] as const;

/** What one comparison of a process with its pagemap found, in pages. */
interface PagemapTally {
  agree: number;
  differ: string[];
  /** The 6.1 and 6.12 kernels do not report soft-dirty for hugetlb pages, though their entries carry it. */
  softDirtyOfHugetlb: number;
  notInPagemap: number;
  protNone: number;
  swapped: number;
  missing: number;
}

/** Both sides are in order of address, so they are merged. */
function compareWithPagemap(
  dump: PageTableDump,
  cpu: DumpCpu,
  isHugetlb: (va: bigint) => boolean,
): PagemapTally {
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
  const words = dump.pagemaps.get(SPACES[cpu.cpu]!)!();
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

interface Region {
  readonly name: string;
  readonly va: string;
  readonly len: number;
}

function hugetlbRegions(json: Record<string, unknown>): Region[] {
  return (json["regions"] as Region[]).filter(({ name }) => name.startsWith("hugetlb"));
}

for (const name of DUMP_NAMES) {
  const dump = readDump(name);
  for (const cpu of dump.cpus) {
    test(`${name} cpu ${cpu.cpu}: our list is QEMU's "info tlb"`, () => {
      const ours = qemuTlb(dump.memory.read, cpu.rootFrame, cpu.levels);
      let lines = 0;
      for (const theirs of cpu.tlb()) {
        const { value } = ours.next();
        lines++;
        if (
          value === undefined ||
          value.va !== theirs.va ||
          value.pa !== theirs.pa ||
          value.size !== theirs.size ||
          value.flags !== theirs.flags
        ) {
          expect(value).toEqual(theirs);
        }
      }
      expect(ours.next().done).toBe(true);
      expect(lines).toBe(LEAVES[name][cpu.cpu]);
    });

    // QEMU 7.2 prints nothing for "info mem" with five levels; there the ranges must add up to the leaves.
    test(`${name} cpu ${cpu.cpu}: our ranges are QEMU's "info mem"`, () => {
      const theirs = [...cpu.memory()];
      const ours = [...qemuMemory(dump.memory.read, cpu.rootFrame, cpu.levels)];
      if (cpu.levels === 4) {
        expect(theirs.length).toBeGreaterThan(79);
        expect(ours).toEqual(theirs);
      } else {
        expect(theirs).toEqual([]);
        const mapped = [...cpu.tlb()].reduce((sum, line) => sum + BigInt(line.size), 0n);
        expect(ours.reduce((sum, range) => sum + range.size, 0n)).toBe(mapped);
        expect(ours.length).toBeGreaterThan(79);
      }
    });

    test(`${name} cpu ${cpu.cpu}: every entry is what pagemap says`, () => {
      const json = readDumpJson(name);
      const vcpus = json["vcpus"] as { cpu: number; pagemap_check: Record<string, number> }[];
      const recorded = vcpus.find((vcpu) => vcpu.cpu === cpu.cpu)!.pagemap_check;
      const regions = hugetlbRegions(json);
      const isHugetlb = (at: bigint): boolean =>
        regions.some(({ va, len }) => at >= BigInt(va) && at < BigInt(va) + BigInt(len));

      const tally = compareWithPagemap(dump, cpu, isHugetlb);
      expect(tally.differ).toEqual([]);
      expect(tally.missing).toBe(0);
      expect(tally.notInPagemap).toBe(recorded["in_cpu_not_in_pagemap"]);
      expect(tally.protNone).toBe(recorded["present_in_pagemap_not_in_cpu"]);
      expect(tally.softDirtyOfHugetlb).toBe(HUGETLB_PAGES_WRITTEN[name]);
      expect(tally.agree + tally.softDirtyOfHugetlb).toBe(recorded["present_in_pagemap"]! + tally.swapped);
      expect(tally.swapped).toBe(SWAP_ENTRIES[name][cpu.cpu]);
    });
  }
}
