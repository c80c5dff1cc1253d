/** Memory that is freed, and what those see who read it: shared by the tests of RCU and of reference counts. */

import { Lockdep, Rcu } from "@mmrace/locks";
import { Cell, Lifetime, Operation, readOnce, type OperationKind, type Steps } from "@mmrace/scheduler";

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "free",
  access: "write",
  perform: (lifetime) => lifetime.end(),
};

/** Frees memory. */
export function free(memory: Lifetime): Operation<void> {
  return Operation.of(freeKind, memory, undefined);
}

/** A block with a pointer to it, readers under RCU, and two cells more. */
export class PointedWorld {
  readonly lockdep = new Lockdep();
  readonly rcu = new Rcu(this.lockdep);
  readonly pointer = new Cell("pointer", 1);
  readonly memory = new Lifetime("memory", "block", "use-after-free");
  readonly field = new Cell("field", 0, { lifetime: this.memory });
  readonly x = new Cell("x", 0);
  readonly y = new Cell("y", 0);
  /** What was seen, in the order in which it was: ghost state. */
  readonly log: string[] = [];

  /** Reads a cell and logs what it saw. */
  *see(cell: Cell<number>): Steps<void> {
    this.log.push(`${cell.name}=${yield* readOnce(cell)}`);
  }
}
