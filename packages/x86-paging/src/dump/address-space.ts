/**
 * Lists a whole address space: every page mapped by the tables under a root, and every other non-empty entry.
 *
 * This is a decoder of tables at rest. The processor's walk of one address is in walk.ts.
 */

import { canonicalAddress, virtualBits } from "../address.ts";
import { type EntryKind, entryKind } from "../describe.ts";
import { frameField, type Entry } from "../entry.ts";
import { PagingError } from "../errors.ts";
import { NX_HI, RW, USER } from "../flags.ts";
import { ENTRIES_PER_TABLE, type Level, type LevelCount, levelInfo } from "../level.ts";
import type { ReadEntry } from "../memory.ts";

/** One entry that is neither empty nor a pointer to a table. */
export interface FoundEntry {
  /** The first virtual address it covers, canonical, unsigned 64-bit. */
  readonly va: bigint;
  readonly level: Level;
  readonly entry: Entry;
  readonly kind: EntryKind;
  /** Frame of the table it was found in, and its index there. */
  readonly tableFrame: number;
  readonly index: number;
  /** US and RW ANDed, and NX ORed, over this entry and every entry above it. */
  readonly user: boolean;
  readonly write: boolean;
  readonly noExecute: boolean;
}

/** Limits of a listing. */
export interface ListOptions {
  /** Tables read before giving up, so that a crafted dump cannot run forever. Default 2^20 (4 GiB of tables). */
  readonly tablesMax?: number;
}

interface Above {
  readonly user: boolean;
  readonly write: boolean;
  readonly noExecute: boolean;
}

/**
 * Every entry under a root that is neither empty nor a table pointer, in order of address.
 *
 * @param rootFrame frame of the root table: bits 51..12 of CR3.
 * @throws {PagingError} whatever `read` throws for a missing table; `dump-malformed` past `tablesMax`.
 */
export function* listEntries(
  read: ReadEntry,
  rootFrame: number,
  levels: LevelCount,
  options: ListOptions = {},
): Generator<FoundEntry> {
  const budget = { left: options.tablesMax ?? 2 ** 20 };
  yield* listTable(
    read,
    rootFrame,
    levels,
    0n,
    { user: true, write: true, noExecute: false },
    levels,
    budget,
  );
}

function* listTable(
  read: ReadEntry,
  frame: number,
  level: Level,
  base: bigint,
  above: Above,
  levels: LevelCount,
  budget: { left: number },
): Generator<FoundEntry> {
  if (budget.left-- === 0) {
    throw new PagingError("dump-malformed", `0x${base.toString(16)}`, "too many tables; does the dump loop?");
  }
  const span = BigInt(levelInfo(level).span);
  for (let index = 0; index < ENTRIES_PER_TABLE; index++) {
    const word = read(frame, index);
    if ((word.lo | word.hi) === 0) continue;
    const kind = entryKind(word, level);
    if (kind === "none") continue;
    const va = base + BigInt(index) * span;
    const here: Above = {
      user: above.user && (word.lo & USER) !== 0,
      write: above.write && (word.lo & RW) !== 0,
      noExecute: above.noExecute || (word.hi & NX_HI) !== 0,
    };
    if (kind === "table") {
      yield* listTable(read, frameField(word), (level - 1) as Level, va, here, levels, budget);
    } else {
      const address = canonicalAddress(va, virtualBits(levels));
      yield { va: address, level, entry: word, kind, tableFrame: frame, index, ...here };
    }
  }
}
