/**
 * The processor's own writes to page tables: Accessed when an entry is used, Dirty when a page is written.
 *
 * Intel SDM volume 3, section 5.8. Each is a locked read-modify-write that happens only while the entry still is
 * what the walk has seen; software that cleared it in between wins, and the walk starts over.
 */

import { sameEntry, type Entry } from "./entry.ts";
import { ACCESSED, DIRTY } from "./flags.ts";
import type { ReadEntry } from "./memory.ts";

/** A write the processor wants to make before it uses an entry. */
export interface AccessedDirtyUpdate {
  readonly frame: number;
  readonly index: number;
  /** The value the walk read. */
  readonly seen: Entry;
  /** ACCESSED, or ACCESSED | DIRTY. Never empty: an entry that has them already is not written. */
  readonly set: number;
}

/** Stores one entry; the inverse of a {@link ReadEntry}. */
export type WriteEntry = (frame: number, index: number, value: Entry) => void;

/** The bits a use of an entry would set that it lacks. Table pointers never get Dirty. */
export function missingAccessedDirty(word: Entry, isLeaf: boolean, isWrite: boolean): number {
  const wanted = isLeaf && isWrite ? ACCESSED | DIRTY : ACCESSED;
  return wanted & ~word.lo;
}

/**
 * What the locked update makes of the entry in memory: the new value, or undefined when it has changed so that
 * the walk must start over. A and D themselves may have been set meanwhile by another processor.
 */
export function updatedEntry(inMemory: Entry, update: AccessedDirtyUpdate): Entry | undefined {
  const set = update.set;
  if (!sameEntry(withoutAccessedDirty(inMemory), withoutAccessedDirty(update.seen))) return undefined;
  return { lo: inMemory.lo | set, hi: inMemory.hi };
}

/**
 * Makes the updates of one walk, in order, all in one step.
 *
 * @returns false when an entry had changed: those before it are made, and the walk must start over.
 */
export function commitUpdates(
  updates: readonly AccessedDirtyUpdate[],
  read: ReadEntry,
  write: WriteEntry,
): boolean {
  for (const update of updates) {
    const next = updatedEntry(read(update.frame, update.index), update);
    if (next === undefined) return false;
    write(update.frame, update.index, next);
  }
  return true;
}

function withoutAccessedDirty(word: Entry): Entry {
  return { lo: word.lo & ~(ACCESSED | DIRTY), hi: word.hi };
}
