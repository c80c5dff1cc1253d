/** The world of programs that use the kernel's locks: the rest of program.ts knows integers and mutexes only. */

import { atEnd, Cell, defineScenario, readOnce, type Scenario, type Steps } from "@mmrace/scheduler";
import { Lockdep, Rcu, RwSem, SpinLock } from "@mmrace/locks";
import type { Program } from "./program.ts";

/** A small kernel. */
export interface Kernel {
  readonly lockdep: Lockdep;
  readonly sem: RwSem;
  readonly spin: SpinLock;
  readonly rcu: Rcu;
  readonly x: Cell<number>;
  readonly y: Cell<number>;
  /** Values seen by threads: ghost state. */
  readonly seen: Record<string, number[]>;
}

function setup(): Kernel {
  const lockdep = new Lockdep();
  return {
    lockdep,
    sem: new RwSem(lockdep, "sem"),
    spin: new SpinLock(lockdep, "spin"),
    rcu: new Rcu(lockdep),
    x: new Cell("x", 0),
    y: new Cell("y", 0),
    seen: {},
  };
}

/** Reads a cell and notes the value for the final state. */
export function* see(kernel: Kernel, thread: string, cell: Cell<number>): Steps<number> {
  const value = yield* readOnce(cell);
  (kernel.seen[thread] ??= []).push(value);
  return value;
}

function describe({ x, y, seen, rcu, sem, spin }: Kernel): string {
  const threads = Object.keys(seen).sort();
  const values = threads.map((thread) => `${thread}:${seen[thread]!.join(",")}`);
  const held = `${sem.writer?.name ?? ""}${sem.readers.map(({ name }) => name).join("")}${spin.owner?.name ?? ""}`;
  return [`x=${x.value} y=${y.value} held=${held} queue=${rcu.queue.length}`, ...values].join(" ");
}

/** A program over a small kernel. */
export function kernelProgram(
  id: string,
  threads: Scenario<Kernel>["threads"],
  rest: { readonly daemons?: Scenario<Kernel>["daemons"] } = {},
): Program<Kernel> {
  return {
    id,
    scenario: defineScenario({
      name: id,
      setup,
      threads,
      ...(rest.daemons === undefined ? {} : { daemons: rest.daemons }),
      properties: [atEnd("all locks are free", ({ lockdep }) => lockdep.isQuiet)],
    }),
    finalState: describe,
    expected: {},
  };
}
