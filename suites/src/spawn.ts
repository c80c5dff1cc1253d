/**
 * Threads that a first thread starts one by one, as the programs of SCTBench do. Each spawn is one step, and each child
 * begins with one step that its spawn enables. All else is the program with all threads there from the start, but how
 * easily its bug is hit is not: numbers of the two must never be compared.
 */

import { Operation, writeOnce, type Cell, type OperationKind } from "@mmrace/scheduler";
import type { Body } from "./program.ts";

const beginKind: OperationKind<Cell<number>, void, void> = {
  name: "begin",
  access: "read",
  isEnabled: (cell) => cell.value !== 0,
  perform: () => {},
};

/** What `program` needs to know about threads that are spawned. */
export interface Spawned {
  readonly threads: Readonly<Record<string, Body>>;
  /** One cell for each thread, 0 until it is spawned. */
  readonly cells: Readonly<Record<string, number>>;
}

/** The same threads behind one, `spawner`, that starts them in their order. */
export function spawned(threads: Readonly<Record<string, Body>>): Spawned {
  const flag = (name: string): string => `spawned ${name}`;
  const names = Object.keys(threads);
  return {
    threads: {
      *spawner(memory) {
        for (const name of names) yield* writeOnce(memory.at(flag(name)), 1);
      },
      ...Object.fromEntries(names.map((name) => [name, begun(flag(name), threads[name]!)] as const)),
    },
    cells: Object.fromEntries(names.map((name) => [flag(name), 0] as const)),
  };
}

function begun(flag: string, body: Body): Body {
  const spawnedBody: Body = function* (memory, self) {
    yield* Operation.of(beginKind, memory.at(flag), undefined);
    yield* body(memory, self);
  };
  return Object.defineProperty(spawnedBody, "name", { value: body.name });
}
