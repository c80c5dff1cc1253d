/**
 * Every legal combination of entry bits, processor state and access, against a predictor written from the
 * manual's rules and sharing no code with the walk. The plan follows kvm-unit-tests' x86 access test.
 */

import { expect, test } from "vitest";
import { walk, type Access, type Entry, type PagingControls, LINUX_CONTROLS } from "../../src/index.ts";

// One bit per freedom. A PTE's D and key bits belong to the PDE when that maps 2 MiB.
const PTE_P = 1 << 0;
const PTE_W = 1 << 1;
const PTE_U = 1 << 2;
const PTE_A = 1 << 3;
const PTE_NX = 1 << 4;
const PTE_R51 = 1 << 5;
const LEAF_D = 1 << 6;
const LEAF_KEY = 1 << 7; // Key 1 rather than 0.
const PDE_P = 1 << 8;
const PDE_W = 1 << 9;
const PDE_U = 1 << 10;
const PDE_A = 1 << 11;
const PDE_PS = 1 << 12;
const PDE_NX = 1 << 13;
const PDE_R51 = 1 << 14;
const PDE_R13 = 1 << 15;
const TABLE_BITS = 16;

const WP = 1 << 0;
const NXE = 1 << 1;
const SMEP = 1 << 2;
const SMAP = 1 << 3;
const AC = 1 << 4;
const PKE = 1 << 5;
const KEY1_AD = 1 << 6;
const KEY1_WD = 1 << 7;
const CPU_BITS = 8;

const USER = 1 << 0;
const WRITE = 1 << 1;
const FETCH = 1 << 2;
const ACCESS_BITS = 3;

const VA = 0x12_3456_7abcn; // PML4 index 0, PDPT 0x48, PD 0x1a2, PT 0x167, offset 0xabc.
const PML4 = 1;
const PDPT = 2;
const PD = 3;
const PT = 4;
const PAGE = 0x5000 >>> 0; // Frame of the 4 KiB page.
const LARGE_PAGE = 0x6000; // First frame of the 2 MiB page: a multiple of 512.

/** Why a combination of table bits is not run; undefined when it is. */
function whyTablesSkipped(t: number): string | undefined {
  const pteBits = t & (PTE_P | PTE_W | PTE_U | PTE_A | PTE_NX | PTE_R51);
  const leafBits = t & (LEAF_D | LEAF_KEY);
  if ((t & PDE_P) === 0) return (pteBits | leafBits) === 0 ? undefined : "no PTE is read below an absent PDE";
  if ((t & PDE_R13) !== 0 && (t & PDE_PS) === 0) return "bit 13 is reserved only where the PDE maps a page";
  if ((t & PDE_PS) !== 0) return pteBits === 0 ? undefined : "no PTE is read below a PDE that maps a page";
  if ((t & PDE_R51) !== 0) {
    return (pteBits | leafBits) === 0 ? undefined : "no PTE is read below a PDE with a reserved bit";
  }
  return undefined;
}

function whyCpuSkipped(c: number): string | undefined {
  if ((c & PKE) === 0 && (c & (KEY1_AD | KEY1_WD)) !== 0) return "key rights do not exist without CR4.PKE";
  return undefined;
}

function whyAccessSkipped(a: number): string | undefined {
  return (a & WRITE) !== 0 && (a & FETCH) !== 0 ? "an access is not both a write and a fetch" : undefined;
}

/** The combinations of one part that are run, and how many are not, by reason. */
function split(bits: number, why: (value: number) => string | undefined): [number[], Map<string, number>] {
  const run: number[] = [];
  const skipped = new Map<string, number>();
  for (let value = 0; value < 1 << bits; value++) {
    const reason = why(value);
    if (reason === undefined) run.push(value);
    else skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  }
  return [run, skipped];
}

function pdeOf(t: number): Entry {
  const large = (t & PDE_PS) !== 0;
  let lo = large ? LARGE_PAGE << 12 : PT << 12;
  let hi = 0;
  if (t & PDE_P) lo |= 0x1;
  if (t & PDE_W) lo |= 0x2;
  if (t & PDE_U) lo |= 0x4;
  if (t & PDE_A) lo |= 0x20;
  if (large) lo |= 0x80;
  if (t & PDE_R13) lo |= 0x2000;
  if (t & PDE_R51) hi |= 0x80000;
  if (t & PDE_NX) hi |= 0x80000000;
  if (large && t & LEAF_D) lo |= 0x40;
  if (large && t & LEAF_KEY) hi |= 0x08000000;
  return { lo: lo | 0, hi: hi | 0 };
}

function pteOf(t: number): Entry {
  let lo = PAGE << 12;
  let hi = 0;
  if (t & PTE_P) lo |= 0x1;
  if (t & PTE_W) lo |= 0x2;
  if (t & PTE_U) lo |= 0x4;
  if (t & PTE_A) lo |= 0x20;
  if (t & LEAF_D) lo |= 0x40;
  if (t & PTE_R51) hi |= 0x80000;
  if (t & PTE_NX) hi |= 0x80000000;
  if (t & LEAF_KEY) hi |= 0x08000000;
  return { lo: lo | 0, hi: hi | 0 };
}

/**
 * The predictor. Returns -1 for "allowed", else the error code.
 *
 * Written as the manual's list of who may do what (section 5.6.1), not as a walk.
 */
function predict(t: number, c: number, a: number): number {
  const on = (word: number, bit: number): boolean => (word & bit) !== 0;
  const tellsFetch = on(a, FETCH) && (on(c, NXE) || on(c, SMEP));
  const base = (on(a, USER) ? 4 : 0) + (on(a, WRITE) ? 2 : 0) + (tellsFetch ? 16 : 0);
  if (!on(t, PDE_P)) return base;
  if (on(t, PDE_R51 | PDE_R13) || (on(t, PDE_NX) && !on(c, NXE))) return base + 1 + 8;
  const large = on(t, PDE_PS);
  if (!large && !on(t, PTE_P)) return base;
  if (!large && (on(t, PTE_R51) || (on(t, PTE_NX) && !on(c, NXE)))) return base + 1 + 8;

  const userPage = on(t, PDE_U) && (large || on(t, PTE_U));
  const writable = on(t, PDE_W) && (large || on(t, PTE_W));
  const noFetch = on(t, PDE_NX) || (!large && on(t, PTE_NX));

  let keyForbids = false;
  if (on(c, PKE) && on(t, LEAF_KEY) && userPage && !on(a, FETCH)) {
    if (on(c, KEY1_AD)) keyForbids = true;
    if (on(c, KEY1_WD) && on(a, WRITE) && (on(a, USER) || on(c, WP))) keyForbids = true;
  }

  let pageForbids = false;
  if (on(a, USER)) {
    if (!userPage) pageForbids = true;
    if (on(a, WRITE) && !writable) pageForbids = true;
    if (on(a, FETCH) && noFetch) pageForbids = true;
  } else if (on(a, FETCH)) {
    if (noFetch) pageForbids = true;
    if (userPage && on(c, SMEP)) pageForbids = true;
  } else {
    if (userPage && on(c, SMAP) && !on(c, AC)) pageForbids = true;
    if (on(a, WRITE) && on(c, WP) && !writable) pageForbids = true;
  }
  if (!keyForbids && !pageForbids) return -1;
  return base + 1 + (keyForbids ? 32 : 0);
}

function controlsOf(c: number): PagingControls {
  return {
    ...LINUX_CONTROLS,
    writeProtect: (c & WP) !== 0,
    noExecute: (c & NXE) !== 0,
    smep: (c & SMEP) !== 0,
    smap: (c & SMAP) !== 0,
    alignmentCheck: (c & AC) !== 0,
    pkru: (c & PKE) === 0 ? undefined : ((c & KEY1_AD) !== 0 ? 4 : 0) | ((c & KEY1_WD) !== 0 ? 8 : 0),
  };
}

function accessOf(a: number): Access {
  return { user: (a & USER) !== 0, kind: a & FETCH ? "fetch" : a & WRITE ? "write" : "read" };
}

const OPEN_PML4E: Entry = { lo: (PDPT << 12) | 0x27, hi: 0 };
const OPEN_PDPTE: Entry = { lo: (PD << 12) | 0x27, hi: 0 };

test("the walk does what the manual says for every legal combination", () => {
  const [tables, tablesSkipped] = split(TABLE_BITS, whyTablesSkipped);
  const [cpus, cpusSkipped] = split(CPU_BITS, whyCpuSkipped);
  const [accesses, accessesSkipped] = split(ACCESS_BITS, whyAccessSkipped);
  const pairs = cpus.flatMap((c) =>
    accesses.map((a) => ({ c, a, controls: controlsOf(c), access: accessOf(a) })),
  );

  let pde = OPEN_PML4E;
  let pte = OPEN_PML4E;
  const read = (frame: number): Entry =>
    frame === PML4 ? OPEN_PML4E : frame === PDPT ? OPEN_PDPTE : frame === PD ? pde : pte;
  let allowed = 0;
  let faults = 0;
  const differences: string[] = [];
  for (const t of tables) {
    pde = pdeOf(t);
    pte = pteOf(t);
    const large = (t & PDE_PS) !== 0;
    for (const { c, a, controls, access } of pairs) {
      const result = walk(read, PML4, VA, access, controls);
      const expected = predict(t, c, a);
      let bad = "";
      if (expected !== -1) {
        faults++;
        if (result.kind !== "fault" || result.code !== expected) bad = `expected fault ${expected}`;
      } else {
        allowed++;
        const set = 0x20 | ((a & WRITE) !== 0 ? 0x40 : 0);
        const pdeSet = (large ? set : 0x20) & ~pde.lo;
        const pteSet = large ? 0 : set & ~pte.lo;
        const pa = large ? LARGE_PAGE * 4096 + 0x16_7abc : PAGE * 4096 + 0xabc;
        if (result.kind !== "translated" || result.pa !== pa) bad = `expected address ${pa}`;
        else if (result.updates.length !== (pdeSet ? 1 : 0) + (pteSet ? 1 : 0))
          bad = "number of A and D updates";
        else {
          for (const update of result.updates) {
            if (update.set !== (update.frame === PD ? pdeSet : pteSet))
              bad = `update of frame ${update.frame}`;
          }
        }
      }
      if (bad !== "" && differences.length < 10) {
        differences.push(`tables ${t}, cpu ${c}, access ${a}: ${bad}, got ${JSON.stringify(result)}`);
      }
    }
  }
  const reasons = [...tablesSkipped, ...cpusSkipped, ...accessesSkipped].map(([why, n]) => `${n} x ${why}`);
  console.log(
    `access: ${tables.length} x ${cpus.length} x ${accesses.length} combinations, ` +
      `${allowed} allowed, ${faults} faults; skipped:\n  ${reasons.join("\n  ")}`,
  );
  expect(differences).toEqual([]);
  // Tables: 128 absent PDEs; 16 PDEs to a table x 256 PTEs; 16 with bit 51 set; 64 large PDEs x 4 (D, key).
  // Processors: 32 settings x (no keys, or 4 rights of key 1). Accesses: read, write, fetch by either.
  expect([tables.length, cpus.length, accesses.length]).toEqual([4_496, 160, 6]);
  expect(allowed + faults).toBe(4_496 * 160 * 6);
  expect(allowed).toBeGreaterThan(200_000);
  expect(sum(tablesSkipped) + tables.length).toBe(1 << TABLE_BITS);
  expect(sum(cpusSkipped) + cpus.length).toBe(1 << CPU_BITS);
  expect(sum(accessesSkipped) + accesses.length).toBe(1 << ACCESS_BITS);
});

function sum(counts: Map<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
