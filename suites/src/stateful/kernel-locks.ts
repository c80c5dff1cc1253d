/**
 * Locks of Linux as Catalin Marinas' models have them (kernel-tla): the ticket lock of arm64, and the queued reader-writer lock
 * of kernel/locking/qrwlock.c. Every label of these models is a step, those that touch nothing included, and threads never stop.
 */

import { Cell, forget, type Steps } from "@mmrace/scheduler";
import type { Program } from "../program.ts";
import { atomically, pass } from "./atomically.ts";
import { Inside, lockProgram, type LockWorld } from "./lock-program.ts";

interface TicketWorld extends LockWorld {
  readonly owner: Cell<number>;
  readonly next: Cell<number>;
}

function* takeTickets({ owner, next, inside }: TicketWorld, tickets: number): Steps<void> {
  const advance = (cell: Cell<number>) => (): number => {
    const { value } = cell;
    cell.value = (value + 1) % tickets;
    return value;
  };
  for (;;) {
    yield* forget("outside");
    yield* pass("call spin_lock");
    const ticket = yield* atomically([next], advance(next));
    yield* atomically(
      [owner, inside],
      () => inside.enter("writers"),
      () => owner.value === ticket,
    );
    yield* forget("inside");
    yield* atomically([inside], () => inside.enter("writers", -1));
    yield* pass("call spin_unlock");
    yield* atomically([owner], advance(owner));
    yield* forget("unlocked");
    yield* pass("return from spin_unlock");
  }
}

/** A ticket lock whose numbers begin again after so many tickets. */
export function ticketLock(
  threads: number,
  tickets: number,
  expected: Program["expected"],
): Program<TicketWorld> {
  const names = Array.from({ length: threads }, (_, at) => `p${at}`);
  return lockProgram(
    `ticket lock(${threads})`,
    () => ({ owner: new Cell("owner", 0), next: new Cell("next", 0), inside: new Inside() }),
    [{ names, body: (world) => takeTickets(world, tickets) }],
    expected,
  );
}

interface Counts {
  readonly readers: number;
  readonly isWaiting: boolean;
  readonly isLocked: boolean;
}

interface QueuedWorld extends LockWorld {
  readonly counts: Cell<Counts>;
  readonly waitLock: Cell<boolean>;
}

function* readQueued({ counts, waitLock, inside }: QueuedWorld): Steps<void> {
  const count = (by: 1 | -1) => (): void => {
    counts.value = { ...counts.value, readers: counts.value.readers + by };
  };
  for (;;) {
    yield* forget("outside");
    yield* pass("call queued_read_lock");
    const isIn = yield* atomically([counts, inside], () => {
      count(1)();
      if (counts.value.isWaiting || counts.value.isLocked) return false;
      inside.enter("readers");
      return true;
    });
    if (!isIn) {
      yield* pass("in no interrupt");
      yield* atomically([counts], count(-1));
      yield* takeFlag(waitLock);
      yield* atomically([counts], count(1));
      yield* atomically(
        [counts],
        () => {},
        () => !counts.value.isLocked,
      );
      yield* atomically([waitLock, inside], () => {
        waitLock.value = false;
        inside.enter("readers");
      });
    }
    yield* forget("inside");
    yield* atomically([inside], () => inside.enter("readers", -1));
    yield* pass("call queued_read_unlock");
    yield* atomically([counts], count(-1));
  }
}

function* writeQueued({ counts, waitLock, inside }: QueuedWorld): Steps<void> {
  const isFree = (): boolean => {
    const { readers, isWaiting, isLocked } = counts.value;
    return readers === 0 && !isWaiting && !isLocked;
  };
  const set = (change: Partial<Counts>): void => void (counts.value = { ...counts.value, ...change });
  for (;;) {
    yield* forget("outside");
    yield* pass("call queued_write_lock");
    const isIn = yield* atomically([counts, inside], () => {
      if (!isFree()) return false;
      set({ isLocked: true });
      inside.enter("writers");
      return true;
    });
    if (!isIn) {
      yield* takeFlag(waitLock);
      const isTaken = yield* atomically([counts], () => {
        const wasFree = isFree();
        if (wasFree) set({ isLocked: true });
        return wasFree;
      });
      if (!isTaken) {
        yield* atomically([counts], () => set({ isWaiting: true }));
        yield* atomically(
          [counts],
          () => set({ isWaiting: false, isLocked: true }),
          () => counts.value.readers === 0 && !counts.value.isLocked,
        );
      }
      yield* forget("locked");
      yield* atomically([waitLock, inside], () => {
        waitLock.value = false;
        inside.enter("writers");
      });
    }
    yield* forget("inside");
    yield* atomically([inside], () => inside.enter("writers", -1));
    yield* pass("call queued_write_unlock");
    yield* atomically([counts], () => set({ isLocked: false }));
  }
}

const takeFlag = (flag: Cell<boolean>) =>
  atomically(
    [flag],
    () => void (flag.value = true),
    () => !flag.value,
  );

/** Readers and writers of a queued lock, neither in interrupts nor by trylock. */
export function queuedLock(
  readers: number,
  writers: number,
  expected: Program["expected"],
): Program<QueuedWorld> {
  return lockProgram(
    `queued rwlock(${readers}, ${writers})`,
    () => ({
      counts: new Cell<Counts>("counts", { readers: 0, isWaiting: false, isLocked: false }),
      waitLock: new Cell("wait_lock", false),
      inside: new Inside(),
    }),
    [
      { names: Array.from({ length: readers }, (_, at) => `r${at}`), body: readQueued },
      { names: Array.from({ length: writers }, (_, at) => `w${at}`), body: writeQueued },
    ],
    expected,
  );
}
