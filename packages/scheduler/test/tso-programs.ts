/** Small programs over two cells, written in letters, and their final states under either memory model. */

import {
  Cell,
  cmpxchg,
  defineScenario,
  dpor,
  Engine,
  exhaustive,
  optimalDpor,
  readOnce,
  smpMb,
  writeOnce,
  xchg,
  type MemoryModel,
  type Scenario,
  type Steps,
  type Strategy,
} from "@mmrace/scheduler";

/** Two cells, and what each thread has read. */
export class Memory {
  readonly cells: readonly Cell<number>[] = ["x", "y"].map((name) => new Cell(name, 0));
  readonly seen: number[][] = [[], [], []];

  toString(): string {
    return `${this.cells.map(({ value }) => value).join()} ${this.seen.map((values) => values.join()).join(" ")}`;
  }
}

/** One step of a program in letters: `x=1`, `x`, `x<-1` (exchange), `x?0:1` (compare and exchange), `F` (full barrier). */
function* step(memory: Memory, thread: number, text: string): Steps<void> {
  const cell = memory.cells[text.startsWith("y") ? 1 : 0]!;
  const see = (value: number): void => void memory.seen[thread]!.push(value);
  if (text === "F") return yield* smpMb();
  const [, store, exchange, expected, desired] = /^.(?:=(\d)|<-(\d)|\?(\d):(\d))?$/.exec(text)!;
  if (store !== undefined) yield* writeOnce(cell, Number(store));
  else if (exchange !== undefined) see(yield* xchg(cell, Number(exchange)));
  else if (expected !== undefined) see(yield* cmpxchg(cell, Number(expected), Number(desired)));
  else see(yield* readOnce(cell));
}

/** A program of one thread per text, each on a CPU of its own unless `cpus` says otherwise. */
export function program(threads: readonly string[], cpus: readonly number[] = [0, 1, 2]): Scenario<Memory> {
  const body = (text: string, thread: number) =>
    function* (memory: Memory): Steps<void> {
      for (const part of text.split(" ")) yield* step(memory, thread, part);
    };
  return defineScenario<Memory>({
    name: threads.join(" | "),
    setup: () => new Memory(),
    threads: Object.fromEntries(
      threads.map((text, at) => [`t${at}`, { run: body(text, at), cpu: cpus[at]! }] as const),
    ),
    properties: [],
  });
}

/** All final states, and how many executions it took to see them. */
export function survey(
  scenario: Scenario<Memory>,
  memory: MemoryModel,
  strategy: Strategy,
): { readonly executions: number; readonly outcomes: ReadonlySet<string> } {
  let world: Memory | undefined;
  const engine = new Engine({ ...scenario, setup: () => (world = scenario.setup()) }, { memory });
  const outcomes = new Set<string>();
  let executions = 0;
  strategy.beginExploration?.({ watchesEveryState: false });
  while (strategy.beginExecution()) {
    if (engine.run(strategy).kind === "pruned") continue;
    executions++;
    outcomes.add(String(world));
  }
  return { executions, outcomes };
}

/** The complete searches. */
export const searches = (): readonly Strategy[] => [
  exhaustive(),
  exhaustive({ reduction: "sleep-sets" }),
  dpor(),
  optimalDpor(),
];
