/**
 * Where walks and decoders read entries from: any function from table frame and index to an entry.
 */

import { entry, type Entry } from "./entry.ts";
import { PagingError } from "./errors.ts";
import { ENTRIES_PER_TABLE, PAGE_SIZE } from "./level.ts";

/**
 * Reads one entry of physical memory: `frame` is the table's frame number, `index` is 0..511.
 * An entry is read once, whole, as the processor does. May throw for frames it does not have.
 */
export type ReadEntry = (frame: number, index: number) => Entry;

/** The frame of the root table that a CR3 value names: bits 51..12. PCID and flags are ignored. */
export function rootFrameOf(cr3: bigint): number {
  return Number(BigInt.asUintN(40, cr3 >> 12n));
}

/** A flat copy of physical memory: byte i of `bytes` is physical address `base + i`. */
export interface PhysicalMemoryOptions {
  /** The physical address of the first byte; a multiple of 4096. Default 0. */
  readonly base?: number;
}

/**
 * Reads entries out of a raw physical-memory dump (for example QEMU's `pmemsave`), little endian.
 *
 * @throws {PagingError} `bad-argument` for a base that is not page-aligned; the returned function throws
 * `dump-truncated` for a table that the bytes do not fully contain.
 */
export function physicalMemory(bytes: Uint8Array, options: PhysicalMemoryOptions = {}): ReadEntry {
  const base = options.base ?? 0;
  if (!Number.isSafeInteger(base) || base < 0 || base % PAGE_SIZE !== 0) {
    throw new PagingError("bad-argument", String(base), "the base is a physical address, a multiple of 4096");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (frame, index) => {
    const start = frame * PAGE_SIZE - base;
    if (start < 0 || start + PAGE_SIZE > bytes.byteLength) {
      throw new PagingError(
        "dump-truncated",
        `0x${(frame * PAGE_SIZE).toString(16)}`,
        "no such page in the dump",
      );
    }
    const at = start + index * 8;
    return entry(view.getInt32(at, true), view.getInt32(at + 4, true));
  };
}

/** Tables held as typed arrays by frame: word 2i is the low half of entry i and word 2i + 1 the high half. */
export class SparseMemory {
  readonly #tables = new Map<number, Int32Array>();

  /** The table at a frame, created empty if there is none. */
  table(frame: number): Int32Array {
    let table = this.#tables.get(frame);
    if (table === undefined) {
      table = new Int32Array(2 * ENTRIES_PER_TABLE);
      this.#tables.set(frame, table);
    }
    return table;
  }

  /** True when a table was stored at this frame. */
  has(frame: number): boolean {
    return this.#tables.has(frame);
  }

  /** Frames of all tables, in the order in which they were first stored. */
  frames(): IterableIterator<number> {
    return this.#tables.keys();
  }

  /** Stores one entry, index 0..511. */
  write(frame: number, index: number, value: Entry): void {
    const table = this.table(frame);
    table[2 * index] = value.lo;
    table[2 * index + 1] = value.hi;
  }

  /** Reads one entry; bound, so that it can be passed as a {@link ReadEntry}. */
  readonly read: ReadEntry = (frame, index) => {
    const table = this.#tables.get(frame);
    if (table === undefined) {
      throw new PagingError(
        "dump-truncated",
        `0x${(frame * PAGE_SIZE).toString(16)}`,
        "no such table in memory",
      );
    }
    return { lo: table[2 * index]!, hi: table[2 * index + 1]! };
  };
}
