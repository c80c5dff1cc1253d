/**
 * The page-table dump format: one JSON object per machine.
 *
 * Fields that are read here: `name`; `kernel`, a release such as `6.12.117`; `vcpus[]` with `cpu`, `cr3`,
 * `la57` (0 or 1) and optionally QEMU's lists `info_tlb` and `info_mem`; `pages`, from a table's physical
 * address to rows `[index, entry, n, dindex, dentry]`, entries not listed being zero; `guest`, with a
 * `pagemap` per address space. Rows are run-length coded, see run-length.ts. Unknown fields are ignored.
 */

import { entryFromBigInt } from "../entry.ts";
import { PagingError } from "../errors.ts";
import { ENTRIES_PER_TABLE, type LevelCount, PAGE_SIZE } from "../level.ts";
import { rootFrameOf, SparseMemory } from "../memory.ts";
import type { MemoryRange, TlbLine } from "./qemu.ts";
import { expandRows, parseInteger } from "./run-length.ts";

/** One processor's view in a dump. */
export interface DumpCpu {
  readonly cpu: number;
  /** The whole register; the root table's frame is bits 51..12. */
  readonly cr3: bigint;
  readonly rootFrame: number;
  readonly levels: LevelCount;
  /** QEMU's own `info tlb`, when the dump has it. Expanded on each call: it can be long. */
  readonly tlb: () => Generator<TlbLine>;
  /** QEMU's own `info mem`, when the dump has it. */
  readonly memory: () => Generator<MemoryRange>;
}

/** One word of a process's pagemap. */
export interface PagemapWord {
  readonly va: bigint;
  readonly value: bigint;
}

/** A parsed dump. */
export interface PageTableDump {
  readonly name: string;
  /** The kernel's release as the dump gives it; `layoutOf` turns it into a layout. */
  readonly kernel: string;
  readonly cpus: readonly DumpCpu[];
  /** The tables. Reading one that the dump lacks throws `dump-truncated`. */
  readonly memory: SparseMemory;
  /** Pagemaps by address-space name, for example `cpu1_parent`. Non-zero words only. */
  readonly pagemaps: ReadonlyMap<string, () => Generator<PagemapWord>>;
}

/**
 * Checks a parsed JSON value and gives it types.
 *
 * @throws {PagingError} `dump-malformed` for a field of the wrong shape, `dump-contradictory` for an entry that
 * is given twice with different values, `dump-truncated` when a root table is missing.
 */
export function parseDump(json: unknown): PageTableDump {
  const dump = object(json, "the dump");
  const memory = parsePages(object(dump["pages"], "pages"));
  const cpus = array(dump["vcpus"], "vcpus").map((value) => parseCpu(object(value, "a vcpu")));
  for (const { cpu, rootFrame } of cpus) {
    if (memory.has(rootFrame)) continue;
    const address = `0x${(rootFrame * PAGE_SIZE).toString(16)}`;
    throw new PagingError("dump-truncated", address, `the root table of cpu ${cpu} is not in the dump`);
  }
  const pagemaps = new Map<string, () => Generator<PagemapWord>>();
  for (const [name, guest] of Object.entries(object(dump["guest"] ?? {}, "guest"))) {
    const rows = array(object(guest, name)["pagemap"], `${name}.pagemap`);
    pagemaps.set(name, () => expandPagemap(rows));
  }
  return { name: text(dump["name"], "name"), kernel: text(dump["kernel"], "kernel"), cpus, memory, pagemaps };
}

function parseCpu(vcpu: Record<string, unknown>): DumpCpu {
  const cr3 = parseInteger(vcpu["cr3"]);
  const tlb = array(vcpu["info_tlb"] ?? [], "info_tlb");
  const ranges = array(vcpu["info_mem"] ?? [], "info_mem");
  return {
    cpu: Number(parseInteger(vcpu["cpu"])),
    cr3,
    rootFrame: rootFrameOf(cr3),
    levels: parseInteger(vcpu["la57"]) === 0n ? 4 : 5,
    tlb: () => expandTlb(tlb),
    memory: () => expandMemory(ranges),
  };
}

function* expandTlb(rows: readonly unknown[]): Generator<TlbLine> {
  for (const { x, y, rest } of expandRows(rows, 4)) {
    yield { va: x, pa: Number(y), size: Number(parseInteger(rest[0])), flags: text(rest[1], "flags") };
  }
}

function* expandMemory(rows: readonly unknown[]): Generator<MemoryRange> {
  for (const { x, y, rest } of expandRows(rows, 3)) {
    yield { start: x, size: y, permissions: text(rest[0], "permissions") };
  }
}

function* expandPagemap(rows: readonly unknown[]): Generator<PagemapWord> {
  for (const { x, y } of expandRows(rows, 2)) yield { va: x, value: BigInt.asUintN(64, y) };
}

function parsePages(pages: Record<string, unknown>): SparseMemory {
  const memory = new SparseMemory();
  for (const [address, rows] of Object.entries(pages)) {
    const physical = parseInteger(address);
    if (physical < 0n || physical % BigInt(PAGE_SIZE) !== 0n || physical >> 52n !== 0n) {
      throw new PagingError("dump-malformed", address, "a table's physical address is a multiple of 4096");
    }
    const frame = Number(physical / BigInt(PAGE_SIZE));
    if (memory.has(frame)) throw new PagingError("dump-contradictory", address, "a table is given twice");
    fillTable(memory, frame, array(rows, address), address);
  }
  return memory;
}

function fillTable(memory: SparseMemory, frame: number, rows: readonly unknown[], address: string): void {
  memory.table(frame);
  const seen = new Map<number, bigint>();
  for (const { x, y } of expandRows(rows, 2)) {
    const index = Number(x);
    if (index < 0 || index >= ENTRIES_PER_TABLE) {
      throw new PagingError("dump-malformed", `${address}[${index}]`, "an index is 0 to 511");
    }
    const before = seen.get(index);
    if (before !== undefined && before !== y) {
      throw new PagingError("dump-contradictory", `${address}[${index}]`, "an entry is given two values");
    }
    seen.set(index, y);
    memory.write(frame, index, entryFromBigInt(y));
  }
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new PagingError("dump-malformed", String(JSON.stringify(value)).slice(0, 80), `${what} is an object`);
}

function array(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new PagingError("dump-malformed", String(JSON.stringify(value)).slice(0, 80), `${what} is a list`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new PagingError("dump-malformed", String(JSON.stringify(value)).slice(0, 80), `${what} is text`);
}
