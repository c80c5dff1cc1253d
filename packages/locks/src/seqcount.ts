/**
 * Sequence counters: readers that never block writers and read again when one came between. seqcount_t and seqlock_t,
 * include/linux/seqlock.h, Linux v6.12.
 *
 * The write side is `sequence++` twice, each a load and a store, so writers that do not exclude each other lose
 * increments as they would in the kernel. x86 keeps stores in order and loads in order: smp_wmb and smp_rmb, which the
 * kernel has between the counter and the data, are no instructions, and are left out here.
 *
 * Reduced: no latched counters, no PREEMPT_RT, where readers take the lock that a writer holds.
 */

import {
  Cell,
  Operation,
  readOnce,
  type ModelThread,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import type { Lock } from "./lock.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import { SpinLock, spinLock, spinUnlock } from "./spinlock.ts";
import type { PreemptionTraits } from "./spinning-lock.ts";

/** A sequence counter: odd while a writer is inside. */
export class SeqCount extends Cell<number> {
  readonly lockdep: Lockdep;
  /** The lock that writers must hold, when it is a seqcount_spinlock_t or one of its like. */
  readonly lock: Lock | undefined;

  /** @param className the lockdep class; it also names sites: `mm_lock_seq`. */
  constructor(lockdep: Lockdep, className: string, lock?: Lock) {
    super(className, 0);
    this.lockdep = lockdep;
    this.lock = lock;
  }
}

/** A sequence counter with the spinlock that keeps its writers apart. */
export class SeqLock {
  readonly lock: SpinLock;
  readonly seqcount: SeqCount;

  /** @param className the class of the lock; the counter's is `CLASS_seq`. */
  constructor(lockdep: Lockdep, className: string, traits: PreemptionTraits = {}) {
    this.lock = new SpinLock(lockdep, className, traits);
    this.seqcount = new SeqCount(lockdep, `${className}_seq`, this.lock);
  }
}

const isEven = (sequence: number): boolean => sequence % 2 === 0;

/** What a load of the thread would see: its CPU's newest buffered store, else memory. */
function seenBy(seq: SeqCount, { storeBuffer }: ModelThread): number {
  if (storeBuffer === undefined) return seq.value;
  for (let n = storeBuffer.issued - 1; n >= storeBuffer.drained; n--) {
    const store = storeBuffer.store(n)!;
    if (store.object === seq) return store.argument as number;
  }
  return seq.value;
}

// Not a step: only lockdep looks. A reader inside its own write section would wait for ever, and is reported.
const readerAccessKind: OperationKind<SeqCount, void, void> = {
  name: "seqcount_lockdep_reader_access",
  access: "none",
  order: "none",
  isSchedulingPoint: false,
  perform: (seq, _argument, thread) => {
    seq.lockdep.acquired(thread, seq, { subclass: 0, isTry: false, mode: "recursive read", wait: "free" });
    seq.lockdep.released(thread, seq);
  },
};

/** The kernel spins while the counter is odd; waiting until it is even looks the same from outside. */
function readBeginKind(name: string): OperationKind<SeqCount, void, number> {
  return {
    name,
    access: "read",
    order: "load",
    isIndispensable: true,
    isEnabled: (seq, _argument, thread) => isEven(seenBy(seq, thread)),
    perform: (seq) => seq.value,
    forward: (_argument, store) => store as number,
    describe: (seq, _argument, result) => `${name}(${seq.name}) = ${result}`,
  };
}

function readRetryKind(name: string): OperationKind<SeqCount, number, boolean> {
  return {
    name,
    access: "read",
    order: "load",
    perform: (seq, start) => seq.value !== start,
    forward: (start, store) => store !== start,
    describe: (seq, start, result) => `${name}(${seq.name}, ${start}) = ${result}`,
  };
}

/** The store half of `sequence++`; lockdep learns of it when it is issued. */
function writeKind(
  name: string,
  note: (seq: SeqCount, thread: ModelThread) => void,
): OperationKind<SeqCount, number, void> {
  const store = (seq: SeqCount, sequence: number): void => {
    seq.value = sequence;
  };
  return {
    name,
    access: "write",
    order: "store",
    perform: (seq, sequence, thread) => {
      note(seq, thread);
      store(seq, sequence);
    },
    issue: (seq, _sequence, thread) => note(seq, thread),
    drain: store,
    describe: (seq, sequence) => `${name}(${seq.name}): ${sequence}`,
  };
}

const seqcountBeginKind = readBeginKind("read_seqcount_begin");
const seqcountRetryKind = readRetryKind("read_seqcount_retry");
const seqlockBeginKind = readBeginKind("read_seqbegin");
const seqlockRetryKind = readRetryKind("read_seqretry");
const writeBeginKind = writeKind("write_seqcount_begin", (seq, thread) => {
  if (seq.lock !== undefined) seq.lockdep.assertHeld(thread, seq.lock);
  // Writers keep preemption off, so lockdep takes it as held like a spinlock.
  seq.lockdep.acquired(thread, seq, { subclass: 0, isTry: false, mode: "exclusive", wait: "config" });
});
const writeEndKind = writeKind("write_seqcount_end", (seq, thread) => seq.lockdep.released(thread, seq));

function* readBegin(kind: OperationKind<SeqCount, void, number>, seq: SeqCount): Steps<number> {
  yield* Operation.of(readerAccessKind, seq, undefined);
  return yield* Operation.of(kind, seq, undefined);
}

/** Waits until no writer is inside; the result is for `readSeqcountRetry`. */
export function readSeqcountBegin(seq: SeqCount): Steps<number> {
  return readBegin(seqcountBeginKind, seq);
}

/** Whether a writer came since `start`, so that what was read must not be used. */
export function readSeqcountRetry(seq: SeqCount, start: number): Operation<boolean> {
  return Operation.of(seqcountRetryKind, seq, start);
}

/** Makes the counter odd. Writers exclude each other by other means; lockdep checks the counter's lock if it has one. */
export function* writeSeqcountBegin(seq: SeqCount): Steps<void> {
  yield* Operation.of(writeBeginKind, seq, (yield* readOnce(seq)) + 1);
}

/** Makes the counter even again. */
export function* writeSeqcountEnd(seq: SeqCount): Steps<void> {
  yield* Operation.of(writeEndKind, seq, (yield* readOnce(seq)) + 1);
}

/** Waits until no writer is inside; the result is for `readSeqretry`. */
export function readSeqbegin({ seqcount }: SeqLock): Steps<number> {
  return readBegin(seqlockBeginKind, seqcount);
}

/** Whether a writer came since `start`, so that what was read must not be used. */
export function readSeqretry({ seqcount }: SeqLock, start: number): Operation<boolean> {
  return Operation.of(seqlockRetryKind, seqcount, start);
}

/** Waits until the writers before are done and enters. */
export function* writeSeqlock({ lock, seqcount }: SeqLock): Steps<void> {
  yield* spinLock(lock);
  yield* writeSeqcountBegin(seqcount);
}

/** Leaves, and lets the next writer in. */
export function* writeSequnlock({ lock, seqcount }: SeqLock): Steps<void> {
  yield* writeSeqcountEnd(seqcount);
  yield* spinUnlock(lock);
}
