/** Every litmus test under both memory models: verdict, complete set of final states, number of reachable states. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseLitmus, runLitmus, scenarioOf, type LitmusTest, type Machine } from "@mmrace/litmus";
import {
  always,
  dpor,
  exhaustive,
  explore,
  type MemoryModel,
  type ModelThread,
  type Observer,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { litmusTests } from "../src/litmus-tests.ts";
import { finalStatesOf } from "./x86-tso-machine.ts";

function load(name: string): LitmusTest {
  const path = fileURLToPath(new URL(`../litmus/${name}.litmus`, import.meta.url));
  return parseLitmus(readFileSync(path, "utf8"), `${name}.litmus`);
}

/** Counts states: memory, buffers, program counters, registers. */
class StateCounter implements Observer {
  readonly states = new Set<string>();
  machine: Machine | undefined;
  #threads: readonly ModelThread[] = [];
  #stepsOf: number[] = [];

  beginExecution(threads: readonly ModelThread[]): void {
    this.#threads = threads;
    this.#stepsOf = threads.map(() => 0);
  }

  onStep(thread: ModelThread): void {
    if (!thread.isHardware) this.#stepsOf[thread.id]!++;
  }

  note(): true {
    const buffers = this.#threads.map(({ storeBuffer, isHardware }) => {
      if (storeBuffer === undefined || isHardware) return "";
      const waiting: string[] = [];
      for (let n = storeBuffer.drained; n < storeBuffer.issued; n++) {
        const store = storeBuffer.store(n)!;
        waiting.push(`${store.object.name}=${String(store.argument)}`);
      }
      return waiting.join();
    });
    this.states.add(`${String(this.machine)} ${this.#stepsOf.join()} ${buffers.join("|")}`);
    return true;
  }
}

/** Sleep sets leave out transitions and never states, so a property that watches every state sees all. */
function reachableStates(litmus: LitmusTest, memory: MemoryModel): number {
  const counter = new StateCounter();
  const scenario = scenarioOf(litmus, (machine) => (counter.machine = machine));
  const watching = { ...scenario, properties: [always("a state", () => counter.note())] };
  const search = exhaustive({ reduction: "sleep-sets" });
  expect(explore(watching, search, { memory, observers: [counter] }).complete).toBe(true);
  return counter.states.size;
}

const models = ["sc", "tso"] as const;

describe.each(litmusTests)("$name", ({ name, isAllowedUnderTso, outcomes, states }) => {
  const litmus = load(name);

  test.each(models)("%s", (memory) => {
    const result = runLitmus(litmus, { memory });
    expect(result.outcomes.size).toBe(outcomes[memory]);
    expect(result.positive > 0).toBe(memory === "tso" && isAllowedUnderTso);
    expect(result.outcomes).toEqual(finalStatesOf(litmus, memory));
    const sleeping = runLitmus(litmus, { memory, strategy: exhaustive({ reduction: "sleep-sets" }) });
    expect(sleeping).toMatchObject({ outcomes: result.outcomes, states: result.states });
    expect(reachableStates(litmus, memory)).toBe(states[memory]);
  });
});

test("all of the catalogue is there", () => {
  expect(litmusTests).toHaveLength(42);
  expect(litmusTests.filter(({ isAllowedUnderTso }) => isAllowedUnderTso)).toHaveLength(13);
});

test("under sc, candidates are Mazurkiewicz traces: published numbers", () => {
  const published = {
    SB: 3,
    MP: 3,
    LB: 3,
    S: 3,
    R: 3,
    "2+2W": 3,
    WRC: 7,
    RWC: 7,
    ISA2: 7,
    "W+RWC": 7,
    IRIW: 15,
  };
  for (const [name, traces] of Object.entries(published)) {
    const { positive, negative } = runLitmus(load(name), { memory: "sc", strategy: dpor() });
    expect([name, positive + negative]).toEqual([name, traces]);
  }
});

test("rings of store buffering have 2^n candidates under tso", () => {
  const counts = ["SB", "3.SB"].map((name) => {
    const { positive, negative } = runLitmus(load(name), { memory: "tso" });
    return positive + negative;
  });
  expect(counts).toEqual([4, 8]);
});

test("docs/reference/litmus.md shows what the runs show", async () => {
  const rows = litmusTests.map(({ name, states }) => {
    const litmus = load(name);
    const [sc, tso] = models.map((memory) => runLitmus(litmus, { memory }));
    const columns = [sc!, tso!].map(({ outcomes, positive, negative, observation }) => {
      return `${outcomes.size} | ${observation} ${positive} ${negative}`;
    });
    const program = litmus.documentation.replaceAll("|", "\\|");
    return `| ${name} | \`${program}\` | ${columns.join(" | ")} | ${states.sc} / ${states.tso} |`;
  });
  const text = `# Litmus tests

The programs in \`suites/litmus\`, run exhaustively under sequential consistency and x86-TSO: distinct final states (all of
memory, all registers), then what herd would print, for the outcome that each test asks about: whether it is observed, and
how many candidate executions show it and do not. Last, the reachable states of the machine under sc / tso. In a program,
\`x=1\` is a store, \`a=x\` a load, \`F\` an mfence, \`X\` makes a store a locked exchange.

All numbers but those of the candidates were published or counted elsewhere before; \`suites/test/litmus.test.ts\` compares
them, and every set of final states with that of a second machine that shares no code with ours. This page is written by
that test. \`mmrace litmus suites/litmus/*.litmus\` shows the states.

| test | program | sc: final states | asked outcome | tso: final states | asked outcome | states sc / tso |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
  await expect(text).toMatchFileSnapshot("../../docs/reference/litmus.md");
});
