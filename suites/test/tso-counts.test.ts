/**
 * Published counts under x86-TSO. Tools count an execution by which store each load reads from, and in which order the
 * stores to each location reach memory. Our search has more traces than that: a load that is fed from the store buffer and
 * one that reads the same store from memory are different steps. So the executions are classified as the tools do.
 */

import {
  drainedBy,
  Engine,
  optimalDpor,
  type ModelThread,
  type Observer,
  type Operation,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { correct } from "../src/index.ts";

/** Notes, for each load, the store that it reads from, and for each location the order of its stores. */
class Reading implements Observer {
  #stores: {
    readonly name: string;
    readonly object: unknown;
    readonly thread: ModelThread;
    isDrained: boolean;
  }[] = [];
  #inMemory = new Map<unknown, string>();
  readonly #facts = new Set<string>();
  readonly #counts = new Map<string, number>();

  beginExecution(): void {
    this.#stores = [];
    this.#inMemory = new Map();
    this.#facts.clear();
    this.#counts.clear();
  }

  onStep(thread: ModelThread, operation: Operation<unknown>): void {
    const drained = drainedBy(operation);
    if (drained !== undefined) {
      const store = this.#stores.find((each) => !each.isDrained && each.thread === drained.thread)!;
      store.isDrained = true;
      this.#facts.add(`${store.name} after ${this.#inMemory.get(store.object)}`);
      this.#inMemory.set(store.object, store.name);
      return;
    }
    const { object, kind } = operation;
    const number = (this.#counts.get(thread.name) ?? 0) + 1;
    this.#counts.set(thread.name, number);
    const name = `${thread.name}.${number}`;
    if (kind.name === "write_once") this.#stores.push({ name, object, thread, isDrained: false });
    else {
      const own = this.#stores.findLast(
        (each) => !each.isDrained && each.thread === thread && each.object === object,
      );
      this.#facts.add(`${name} reads ${own?.name ?? this.#inMemory.get(object)}`);
    }
  }

  /** The class of the execution. */
  toString(): string {
    return [...this.#facts].sort().join("; ");
  }
}

test.each([
  ["fib_bench(1)", 11],
  ["fib_bench(2)", 153],
  ["fib_bench(3)", 2258],
  ["SB(2)", 4],
  ["SB(3)", 8],
  ["SB(4)", 16],
  ["LB(2)", 3],
  ["LB(3)", 7],
  ["2+2W(2)", 3],
  ["2+2W(3)", 7],
])("%s: %i", (id, published) => {
  const { scenario } = Object.values(correct)
    .flat()
    .find((program) => program.id === id)!;
  const reading = new Reading();
  const engine = new Engine(scenario, { memory: "tso" }, [reading]);
  const strategy = optimalDpor({ properties: "final-states" });
  strategy.beginExploration?.({ watchesEveryState: false });
  const classes = new Set<string>();
  while (strategy.beginExecution()) {
    if (engine.run(strategy).kind !== "pruned") classes.add(String(reading));
  }
  expect(strategy.isComplete).toBe(true);
  expect(classes.size).toBe(published);
});
