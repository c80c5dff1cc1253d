/**
 * Lockdep: watches how locks are used and reports misuse even where nothing went wrong this time.
 *
 * Method: Documentation/locking/lockdep-design.rst and kernel/locking/lockdep.c, Linux v6.12. Classes are watched, not
 * instances; a trylock adds no order on the way in. What is learned is kept over all executions of an exploration. A
 * contradiction within one execution ends it; one between executions is reported beside them, with a token that says
 * what the others showed.
 */

import { activeEngine, trackState, violate, type ModelThread, type SharedObject } from "@mmrace/scheduler";
import { LOCK_PROTOCOL, type Acquisition } from "./acquisition.ts";
import { contradictionOf } from "./contradictions.ts";
import { FactBook, isSeenNow, type Fact, type Witness } from "./facts.ts";
import { contradictionReport, heldLines } from "./report.ts";
import { ThreadState, type Held, type Holding } from "./thread-state.ts";

const FACTS: unique symbol = Symbol("lockdep facts");

/** The lockdep of one world. Threads are told apart by id; what is learned is shared by the exploration. */
export class Lockdep {
  readonly #states: ThreadState[] = [];
  #knownBook: FactBook | undefined;

  constructor() {
    // What threads hold follows from what they did; what contradicts what, from what everybody did.
    trackState("lockdep", () => this.#book.seenNow);
  }

  /** Records that a thread took a lock, and reports what that breaks. */
  acquired(thread: ModelThread, lock: SharedObject, acquisition: Acquisition): void {
    const state = this.#stateOf(thread);
    const key = this.#book.keyOf(lock.class, acquisition.subclass);
    const taken: Held = { lock, acquisition, key, site: thread.pending?.site };
    if (!acquisition.isTry) this.#checkWaiting(state, taken);
    if (thread.gate !== undefined) this.#noteUsage(state, taken);
    state.held.push(taken);
  }

  /** Records that a thread released a lock; reports it when the thread does not hold it, or holds it otherwise. */
  released(thread: ModelThread, lock: SharedObject, as?: "reader" | "writer"): void {
    const state = this.#stateOf(thread);
    const at = state.find(lock);
    const held = state.held[at];
    const isWrongMode = as !== undefined && (held?.acquisition.mode === "exclusive") !== (as === "writer");
    if (held !== undefined && isWrongMode) {
      const how = as === "writer" ? "reading" : "writing";
      this.#report(state, `${thread.name} releases ${lock.name} as a ${as}, but holds it for ${how}`);
    } else if (held !== undefined) state.held.splice(at, 1);
    else
      this.#report(
        state,
        `${thread.name} releases ${lock.name}, which it does not hold${this.#holderOf(lock)}`,
      );
  }

  /** Records that a thread holds for reading what it held for writing. */
  downgraded(thread: ModelThread, lock: SharedObject): void {
    const state = this.#stateOf(thread);
    const at = state.find(lock);
    const held = state.held[at];
    if (held?.acquisition.mode === "exclusive") {
      state.held[at] = { ...held, acquisition: { ...held.acquisition, mode: "read" } };
    } else this.#report(state, `${thread.name} downgrades ${lock.name}, which it does not hold for writing`);
  }

  /** Records that a thread entered (+1) or left (-1) an RCU read section. */
  rcuChanged(thread: ModelThread, by: 1 | -1): void {
    const state = this.#stateOf(thread);
    if (state.rcu + by < 0)
      this.#report(state, `${thread.name} leaves an RCU read section that it is not in`);
    else state.rcu += by;
  }

  /** Records that a thread entered (+1) or left (-1) a section in which it may not be preempted. */
  preemptionChanged(thread: ModelThread, by: 1 | -1): void {
    const state = this.#stateOf(thread);
    if (state.preemption + by < 0)
      this.#report(state, `${thread.name} enables preemption, which it has not disabled`);
    else state.preemption += by;
  }

  /** Records that interrupts are off on the thread's CPU, or on again. */
  irqsChanged(thread: ModelThread, areOff: boolean): void {
    this.#stateOf(thread).irqsAreOff = areOff;
  }

  /** Records that a thread starts (+1) or ends (-1) to run as an interrupt handler. */
  hardirqChanged(thread: ModelThread, by: 1 | -1): void {
    this.#stateOf(thread).hardirq += by;
  }

  /** Reports it when the thread may not sleep now. `what` may sleep: an operation, such as `mutex_lock`, on a lock. */
  mightSleep(thread: ModelThread, what: string, on?: SharedObject): void {
    const state = this.#stateOf(thread);
    const obstacle = state.sleepObstacle;
    if (obstacle === undefined) return;
    const where = on === undefined ? what : `${what}(${on.name})`;
    this.#report(state, `${thread.name} may sleep in ${where} ${obstacle}`);
  }

  /** Reports it when the thread follows an RCU-protected pointer outside a read section. */
  rcuDereference(thread: ModelThread, what: string): void {
    const state = this.#stateOf(thread);
    if (state.rcu === 0)
      this.#report(state, `${thread.name} dereferences ${what} outside an RCU read section`);
  }

  /** Reports it when the thread does not hold the lock: the kernel's lockdep_assert_held. */
  assertHeld(thread: ModelThread, lock: SharedObject, mode: "any" | "exclusive" = "any"): void {
    const state = this.#stateOf(thread);
    const isFine = state.held.some(
      (held) => held.lock === lock && (mode === "any" || held.acquisition.mode === "exclusive"),
    );
    const how = mode === "any" ? "" : " for writing";
    if (!isFine) this.#report(state, `${thread.name} relies on ${lock.name}, which it does not hold${how}`);
  }

  /** Whether the thread holds the lock, in any mode. */
  isHeld(thread: ModelThread, lock: SharedObject): boolean {
    return this.#stateOf(thread).find(lock) >= 0;
  }

  /** What the thread holds, oldest first, then the sections it is in: for reports. */
  holdings({ id }: ModelThread): readonly Holding[] {
    return this.#states[id]?.holdings ?? [];
  }

  /** Whether the thread runs as an interrupt handler. */
  isInHandler(thread: ModelThread): boolean {
    return this.#stateOf(thread).hardirq > 0;
  }

  /** Whether nobody holds anything. A thread that ends while it does is reported anyway. */
  get isQuiet(): boolean {
    return this.#states.every((state) => state.isQuiet);
  }

  // Found on first use: worlds may be built outside an exploration.
  get #book(): FactBook {
    return (this.#knownBook ??= activeEngine().remember(FACTS, () => new FactBook(activeEngine().given)));
  }

  #stateOf(thread: ModelThread): ThreadState {
    return this.#states[thread.id] ?? this.#firstState(thread);
  }

  #firstState(thread: ModelThread): ThreadState {
    const state = new ThreadState(thread);
    this.#states[thread.id] = state;
    const before = thread.onExit;
    thread.onExit = () => {
      before?.();
      const open = leftOpen(state);
      if (open !== undefined) this.#report(state, `${thread.name} ends ${open}`);
    };
    return state;
  }

  /** What can go wrong when a thread waits for a lock. */
  #checkWaiting(state: ThreadState, wanted: Held): void {
    const { thread } = state;
    const obstacle = state.waitObstacle(wanted.acquisition);
    if (obstacle !== undefined) {
      const { wait } = wanted.acquisition;
      this.#report(
        state,
        `${thread.name} waits for ${wanted.lock.name} (${wait}) while ${obstacle}: invalid wait context`,
      );
    }
    for (const held of state.held) {
      if (isRecursive(held, wanted)) {
        const { name } = held.lock;
        this.#report(
          state,
          `${thread.name} takes ${wanted.lock.name} while it holds ${name} of the same class`,
        );
      }
      if (held.key === wanted.key) continue;
      const isShared = held.acquisition.mode !== "exclusive";
      const isRecursiveRead = wanted.acquisition.mode === "recursive read";
      const witness = (): Witness => ({ thread: thread.name, at: wanted.site, since: held.site });
      const order = this.#book.noteOrder(held.key, wanted.key, isShared, isRecursiveRead, witness);
      if (order !== undefined) this.#settle(state, order);
    }
  }

  /** Whether interrupts can come while the lock is held, or the taker is one. */
  #noteUsage(state: ThreadState, { key, acquisition, site }: Held): void {
    const isInHandler = state.hardirq > 0;
    if (!isInHandler && state.irqsAreOff) return;
    const witness = (): Witness => ({ thread: state.thread.name, at: site });
    const usage = this.#book.noteUsage(key, isInHandler, acquisition.mode !== "exclusive", witness);
    if (usage !== undefined) this.#settle(state, usage);
  }

  /** Looks at a fact beside the others: those of this execution, and then those of all. */
  #settle(state: ThreadState, fact: Fact): void {
    const book = this.#book;
    const isNew = fact.firstSeenIn === activeEngine().runs;
    if (!isNew && !book.isTangled) return;
    const found = contradictionOf(book, fact, () => true);
    if (found === undefined) return;
    book.isTangled = true;
    const own = contradictionOf(book, fact, isSeenNow);
    if (own !== undefined) {
      const { message, details } = contradictionReport(book, state, own);
      violate(LOCK_PROTOCOL, message, details);
    } else if (isNew) {
      const given = found.facts.filter((other) => !isSeenNow(other)).map((other) => book.textOf(other));
      activeEngine().reportAside({
        oracle: LOCK_PROTOCOL,
        ...contradictionReport(book, state, found),
        given,
      });
    }
  }

  #holderOf(lock: SharedObject): string {
    const holder = this.#states.find((state) => state !== undefined && state.find(lock) >= 0);
    return holder === undefined ? "" : `; ${holder.thread.name} does`;
  }

  #report(state: ThreadState, message: string): void {
    violate(LOCK_PROTOCOL, message, heldLines(state));
  }
}

/** Whether a thread that holds the one can wait for the other for ever, all by itself. */
function isRecursive(held: Held, wanted: Held): boolean {
  if (wanted.acquisition.mode === "recursive read" && held.acquisition.mode !== "exclusive") return false;
  return held.key === wanted.key || held.lock === wanted.lock;
}

/** What a thread that ends has left open, in words that follow "ends". */
function leftOpen({ held, rcu, preemption, irqsAreOff }: ThreadState): string | undefined {
  const own = held.filter(({ acquisition }) => acquisition.mayOutlive !== true);
  if (own.length > 0) return `while it holds ${own.map(({ lock }) => lock.name).join(", ")}`;
  if (rcu > 0) return "inside an RCU read section";
  if (preemption > 0) return "with preemption off";
  return irqsAreOff ? "with interrupts off" : undefined;
}
