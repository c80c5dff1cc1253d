/** A room behind a mutex, and the same by hand. */

import {
  Completion,
  FatalSignal,
  Lockdep,
  Mutex,
  mutexLock,
  mutexUnlock,
  SpinLock,
  type MutexFairness,
} from "@mmrace/locks";
import {
  always,
  Cell,
  defineScenario,
  readOnce,
  type Property,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { WAIT, type Machine } from "./machines.ts";

/** A mutex, and who has been inside. */
export class Room {
  readonly lockdep = new Lockdep();
  readonly mutex: Mutex;
  readonly other = new Mutex(this.lockdep, "other");
  readonly spin = new SpinLock(this.lockdep, "spin");
  readonly cell = new Cell("cell", 0);
  readonly signal = new FatalSignal();
  readonly victimIsBack = new Completion(this.lockdep, "completion");
  /** Who came in, in the order in which they did; with answers where there are any. */
  readonly log: string[] = [];
  inside = 0;

  constructor(fairness: MutexFairness) {
    this.mutex = new Mutex(this.lockdep, "mutex", { fairness });
  }

  toString(): string {
    return `${this.log.join()}; ${this.mutex.owner?.name ?? "free"}, ${this.mutex.queue.length} wait`;
  }
}

export type Body = (w: Room) => Steps<void>;

/** A scenario of such threads. */
export function scenario(
  fairness: MutexFairness,
  threads: Readonly<Record<string, Body>>,
  properties: readonly Property<Room>[] = [],
): Scenario<Room> {
  return defineScenario<Room>({ name: "mutex", setup: () => new Room(fairness), threads, properties });
}

export const oneAtATime = always("one at a time", (w: Room) => w.inside <= 1);

/** What a thread does that has the mutex. */
export function* visit(w: Room, name: string): Steps<void> {
  w.log.push(name);
  w.inside++;
  yield* readOnce(w.cell);
  w.inside--;
  yield* mutexUnlock(w.mutex);
}

/** Waits for the mutex, however long. */
export const visitor = (name: string): Body =>
  function* (w) {
    yield* mutexLock(w.mutex);
    yield* visit(w, name);
  };

/** The same by hand. Threads are numbers. */
export interface State {
  owner: number | undefined;
  waiters: number[];
  isKilled: boolean;
  isBack: boolean;
}

export const START: State = { owner: undefined, waiters: [], isKilled: false, isBack: false };

export function take(s: State, id: number): void {
  s.owner = id;
}

/** Takes the mutex and skips the wait, or queues. */
export const enter =
  (id: number) =>
  (s: State): number | void =>
    s.owner === undefined && s.waiters.length === 0 ? (take(s, id), 2) : void s.waiters.push(id);

export const leave = (s: State): void => {
  s.owner = undefined;
};

export const fairVisitor = (id: number): Machine<State> => [
  enter(id),
  (s) => {
    if (s.owner !== undefined || s.waiters[0] !== id) return WAIT;
    s.waiters.shift();
    return take(s, id);
  },
  () => {},
  leave,
];
