/**
 * The queued spinlock of Linux (kernel/locking/qspinlock.c) as Catalin Marinas' model qspinlock of kernel-tla has it: no task
 * is interrupted, so each CPU has one node to queue with, and a node stands for its CPU and index. Every label of the model is
 * a step. What its procedures keep in variables is state until they return, whether it is looked at again or not, and some of it
 * is longer: see `Past`.
 */

import { Cell, type Steps } from "@mmrace/scheduler";
import type { Program } from "../program.ts";
import { at, passAt } from "./atomically.ts";
import { Inside, lockProgram, type LockWorld } from "./lock-program.ts";

/** The node by which a CPU queues: struct mcs_spinlock. */
class McsNode extends Cell<{
  readonly next: McsNode | undefined;
  readonly isLocked: boolean;
  readonly count: number;
}> {
  constructor(cpu: number) {
    super("mcs_node", { next: undefined, isLocked: false, count: 0 }, { name: `mcs_node ${cpu}` });
  }

  set(change: Partial<McsNode["value"]>): void {
    this.value = { ...this.value, ...change };
  }
}

interface Word {
  readonly isLocked: boolean;
  readonly isPending: boolean;
  readonly tail: McsNode | undefined;
}

const ZERO: Word = { isLocked: false, isPending: false, tail: undefined };
const LOCKED: Word = { ...ZERO, isLocked: true };
const PENDING: Word = { ...ZERO, isPending: true };

const isSame = (one: Word, other: Word): boolean =>
  one.isLocked === other.isLocked && one.isPending === other.isPending && one.tail === other.tail;

const isContended = ({ isPending, tail }: Word): boolean => isPending || tail !== undefined;

/** The lock: struct qspinlock. */
class LockCell extends Cell<Word> {
  constructor() {
    super("qspinlock", ZERO);
  }

  /** @returns what was there. */
  change(change: Partial<Word>): Word {
    const { value } = this;
    this.value = { ...value, ...change };
    return value;
  }

  /** @returns what was there. */
  cmpxchg(expected: Word, next: Word): Word {
    const { value } = this;
    if (isSame(value, expected)) this.value = next;
    return value;
  }
}

/** How many CPUs there are, and how often one looks again whether the pending one has got the lock before it queues. */
export interface SpinlockSizes {
  readonly cpus: number;
  readonly pendingLoops: number;
  /** A defect: the head of the queue waits for the owner to go away, and not for the pending one. */
  readonly headIgnoresPending?: boolean;
}

/** The world of a queued spinlock. */
export interface SpinlockWorld extends LockWorld {
  readonly lock: LockCell;
  readonly nodes: readonly McsNode[];
  readonly sizes: SpinlockSizes;
}

/**
 * What the model has in variables of a CPU that are never reset: whether priority_level is defined, whether the lock argument
 * of spin_lock is, which its tail call of spin_lock_slowpath leaves behind, and what the last trylock said.
 */
interface Past {
  readonly hasRun: boolean;
  readonly hasBeenSlow: boolean;
  readonly wasFree: boolean;
}

function* run(world: SpinlockWorld, self: McsNode): Steps<void> {
  const { lock, inside } = world;
  let past: Past = { hasRun: false, hasBeenSlow: false, wasFree: false };
  for (;;) {
    yield* passAt("call spin_lock", [past]);
    past = yield* spinLock(world, self, { ...past, hasRun: true });
    yield* at("critical section", [past], [inside], () => inside.enter("writers", -1));
    yield* at("spin_unlock", [past], [lock], () => void lock.change({ isLocked: false }));
    yield* passAt("unlocked", [past]);
  }
}

function* spinLock(world: SpinlockWorld, self: McsNode, past: Past): Steps<Past> {
  const { lock, inside } = world;
  const val = yield* at("spin_lock", [past], [lock], () => lock.cmpxchg(ZERO, LOCKED));
  if (isSame(val, ZERO)) {
    yield* at("was it free", [past, val], [inside], () => inside.enter("writers"));
    return past;
  }
  yield* passAt("was it free", [past, val]);
  yield* passAt("call spin_lock_slowpath", [past, val]);
  return yield* spinLockSlowpath(world, self, { ...past, hasBeenSlow: true }, val);
}

/** queued_spin_lock_slowpath() as far as there is no queue; a CPU that alone waits for the owner sets the pending bit. */
function* spinLockSlowpath(world: SpinlockWorld, self: McsNode, past: Past, seen: Word): Steps<Past> {
  const { lock, inside, sizes } = world;
  let val = seen;
  let loops = sizes.pendingLoops;
  yield* passAt("is it being handed over", [past, val, loops]);
  if (isSame(val, PENDING)) {
    const look = () => at("wait for the hand-over", [past, val, loops], [lock], () => lock.value);
    let now = yield* look();
    for (; isSame(now, PENDING) && loops !== 0; now = yield* look()) loops--;
    val = now;
  }
  yield* passAt("is it contended", [past, val, loops]);
  if (!isContended(val)) {
    val = yield* at("queued_fetch_set_pending_acquire", [past, val, loops], [lock], () =>
      lock.change({ isPending: true }),
    );
    const { isLocked, isPending } = val;
    const kept = [past, val, loops];
    if (!isContended(val)) {
      yield* at(
        "clear_pending_set_locked",
        kept,
        [lock, inside],
        () => {
          lock.change({ isPending: false, isLocked: true });
          inside.enter("writers");
        },
        () => !isLocked || !lock.value.isLocked,
      );
      return past;
    }
    yield* passAt("clear_pending_set_locked", kept);
    if (isPending) yield* passAt("clear_pending", kept);
    else yield* at("clear_pending", kept, [lock], () => void lock.change({ isPending: false }));
  }
  return yield* queue(world, self, past, [val, loops]);
}

function* queue(
  world: SpinlockWorld,
  self: McsNode,
  before: Past,
  [val, loops]: [Word, number],
): Steps<Past> {
  const { lock, inside } = world;
  const kept = [before, val, loops];
  yield* at("queue", kept, [self], () => self.set({ count: self.value.count + 1 }));
  yield* at("node", kept, [self], () => self.set({ isLocked: false, next: undefined }));
  const wasFree = yield* at("spin_trylock", kept, [lock], () => isSame(lock.cmpxchg(ZERO, LOCKED), ZERO));
  const past = { ...before, wasFree };
  yield* passAt("was it free then", [past, val, loops]);
  const variables = wasFree ? [val] : yield* waitInQueue(world, self, [past, loops], val);
  yield* at("release", [past, loops, ...variables], [self, inside], () => {
    self.set({ count: self.value.count - 1 });
    inside.enter("writers");
  });
  return past;
}

/** From the end of the queue to the lock. @returns the variables that are left. */
function* waitInQueue(
  { lock, sizes }: SpinlockWorld,
  self: McsNode,
  kept: readonly unknown[],
  seen: Word,
): Steps<readonly unknown[]> {
  let old = yield* at("xchg_tail", [...kept, seen], [lock], () => ({
    ...ZERO,
    tail: lock.change({ tail: self }).tail,
  }));
  const prev = old.tail;
  let next: McsNode | undefined;
  if (prev === undefined) yield* passAt("is there one before", [...kept, seen, old]);
  else {
    yield* at("is there one before", [...kept, seen, old], [prev], () => prev.set({ next: self }));
    next = yield* at(
      "mcs_spin_lock_contended",
      [...kept, seen, old],
      [self],
      () => self.value.next,
      () => self.value.isLocked,
    );
  }
  const val = yield* at(
    "wait for owner and pending",
    [...kept, seen, old, next],
    [lock],
    () => lock.value,
    () => !lock.value.isLocked && (sizes.headIgnoresPending === true || !lock.value.isPending),
  );
  if (val.tail === self) {
    old = yield* at("locked", [...kept, val, old, next], [lock], () => lock.cmpxchg(val, LOCKED));
    if (isSame(old, val)) return [val, old, prev, next];
  } else yield* passAt("locked", [...kept, val, old, next]);
  const variables = [val, old, prev, next];
  const successor = (): McsNode | undefined => next ?? self.value.next;
  const woken = yield* at(
    "mcs_spin_unlock_contended",
    [...kept, ...variables],
    [self, lock, successor],
    () => {
      lock.change({ isLocked: true });
      successor()!.set({ isLocked: true });
      return successor();
    },
    () => successor() !== undefined,
  );
  return [val, old, prev, woken];
}

/** CPUs that take the lock for ever. */
export function queuedSpinlock(sizes: SpinlockSizes, expected: Program["expected"]): Program<SpinlockWorld> {
  const cpus = Array.from({ length: sizes.cpus }, (_, cpu) => cpu);
  return lockProgram<SpinlockWorld>(
    `queued spinlock(${sizes.cpus}, ${sizes.pendingLoops})`,
    () => ({
      lock: new LockCell(),
      nodes: cpus.map((cpu) => new McsNode(cpu)),
      inside: new Inside(),
      sizes,
    }),
    [
      {
        names: cpus.map((cpu) => `p${cpu}`),
        body: (world, cpu) => run(world, world.nodes[cpu]!),
        owns: (world, cpu) => world.nodes[cpu],
      },
    ],
    expected,
  );
}
