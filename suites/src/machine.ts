/** The world of programs about CPUs, RCU and lifetimes of references: two CPUs and what is shared there. */

import { interruptDaemons, Lockdep, Machine, Rcu, Refcount, SeqLock, SpinLock } from "@mmrace/locks";
import { Cell, defineScenario, Lifetime, readOnce, type Scenario, type Steps } from "@mmrace/scheduler";
import type { Program } from "./program.ts";

/** A machine of two CPUs. */
export class MachineWorld {
  readonly lockdep = new Lockdep();
  readonly rcu = new Rcu(this.lockdep);
  readonly machine = new Machine(this.lockdep, 2, { rcu: this.rcu });
  readonly spin = new SpinLock(this.lockdep, "spin");
  readonly seqlock = new SeqLock(this.lockdep, "pair");
  readonly count = new Refcount("count", 2);
  readonly x = new Cell("x", 0);
  readonly y = new Cell("y", 0);
  readonly memory = new Lifetime("memory", "block", "use-after-free");
  readonly field = new Cell("field", 0, { lifetime: this.memory });
  /** Values seen by threads: ghost state. */
  readonly seen: string[] = [];

  /** Reads a cell and notes the value. */
  *see(who: string, cell: Cell<number>): Steps<number> {
    const value = yield* readOnce(cell);
    this.seen.push(`${who}:${cell.name}=${value}`);
    return value;
  }
}

function describe({ x, y, count, memory, seen }: MachineWorld): string {
  return `x=${x.value} y=${y.value} count=${count.value} freed=${memory.ended} ${seen.toSorted().join(" ")}`;
}

/** A program over such a machine, of whose CPUs the first `interruptible` take interrupts. */
export function machineProgram(
  id: string,
  threads: Scenario<MachineWorld>["threads"],
  interruptible: number = 0,
): Program<MachineWorld> {
  const daemons = interruptDaemons<MachineWorld>(interruptible, ({ machine }) => machine);
  return {
    id,
    scenario: defineScenario({ name: id, setup: () => new MachineWorld(), threads, daemons, properties: [] }),
    finalState: describe,
    expected: {},
  };
}
