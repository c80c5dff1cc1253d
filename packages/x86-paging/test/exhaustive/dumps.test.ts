/**
 * Page tables of booted kernels: our list must equal QEMU's, line by line, and our reading of every entry must
 * agree with what the kernel told the process itself in pagemap.
 */

import { expect, test } from "vitest";
import { compareWithPagemap, compareWithTlb, sameMemoryRanges } from "../../src/conform/dumps.ts";
import { qemuMemory, type TlbLine } from "../../src/index.ts";
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
      const { leaves, differences, examples } = compareWithTlb(dump, cpu);
      expect([differences, examples]).toEqual([0, []]);
      expect(leaves).toBe(LEAVES[name][cpu.cpu]);
    });

    // QEMU 7.2 prints nothing for "info mem" with five levels; there the ranges must add up to the leaves.
    test(`${name} cpu ${cpu.cpu}: our ranges are QEMU's "info mem"`, () => {
      const theirs = [...cpu.memory()];
      const ours = [...qemuMemory(dump.memory.read, cpu.rootFrame, cpu.levels)];
      if (cpu.levels === 4) {
        expect(theirs.length).toBeGreaterThan(79);
        expect(sameMemoryRanges(dump, cpu)).toBe(true);
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

      const tally = compareWithPagemap(dump, cpu, isHugetlb)!;
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

test("the comparison can see: one changed entry is one line that differs", () => {
  const dump = readDump("k612-4level-swap");
  const [cpu] = dump.cpus;
  const other = { ...cpu!, tlb: () => moved(cpu!.tlb()) };
  expect(compareWithTlb(dump, other)).toMatchObject({
    differences: 1,
    examples: [expect.stringContaining("QEMU")],
  });
});

/** The list with the first line's physical address changed. */
function* moved(lines: Iterable<TlbLine>): Generator<TlbLine> {
  let isFirst = true;
  for (const line of lines) {
    yield isFirst ? { ...line, pa: line.pa + 4096 } : line;
    isFirst = false;
  }
}

test("all address spaces together", () => {
  const tallies = DUMP_NAMES.flatMap((name) => {
    const dump = readDump(name);
    return dump.cpus.map((cpu) => compareWithTlb(dump, cpu));
  });
  const differences = tallies.reduce((sum, tally) => sum + tally.differences, 0);
  console.log(`${tallies.length} address spaces, ${differences} differences`);
  expect([tallies.length, differences]).toEqual([8, 0]);
});
