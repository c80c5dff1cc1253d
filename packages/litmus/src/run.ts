/** Runs a litmus test: all its final states, and what they say about its condition. */

import { dpor, Engine, type MemoryModel, type Strategy } from "@mmrace/scheduler";
import { CandidateObserver } from "./candidates.ts";
import { holds, placeText, type Place } from "./condition.ts";
import { scenarioOf, type Machine } from "./machine.ts";
import type { LitmusTest } from "./parse.ts";
import type { Value } from "./value.ts";

/** A final state, as far as it is shown. */
export interface FinalState {
  readonly values: readonly { readonly place: string; readonly value: Value }[];
  /** Candidate executions that end there. */
  readonly candidates: number;
  /** Whether the proposition of the condition holds in it. */
  readonly holds: boolean;
}

/** What a test came to. */
export interface LitmusResult {
  readonly test: LitmusTest;
  readonly memory: MemoryModel;
  readonly states: readonly FinalState[];
  /** All final states, with all of memory and all registers, as text. */
  readonly outcomes: ReadonlySet<string>;
  /** Candidate executions in which the proposition holds, and the others. */
  readonly positive: number;
  readonly negative: number;
  readonly observation: "Never" | "Sometimes" | "Always";
  /** Whether the condition is satisfied: what herd says as Ok or No. */
  readonly isOk: boolean;
  readonly executions: number;
  readonly steps: number;
}

/** Options of `runLitmus`. */
export interface LitmusOptions {
  readonly memory: MemoryModel;
  /** A complete search; source-DPOR by default. */
  readonly strategy?: Strategy;
  /** Called after each execution, with their number. */
  readonly onExecution?: (executions: number) => void;
}

/** Runs every execution of a test, up to the order of steps that commute. */
export function runLitmus(test: LitmusTest, options: LitmusOptions): LitmusResult {
  const { memory, strategy = dpor(), onExecution } = options;
  let machine: Machine | undefined;
  const observer = new CandidateObserver(memory);
  const scenario = scenarioOf(test, (made) => (machine = made));
  const engine = new Engine(scenario, { memory }, [observer]);
  const found = new Findings(test);
  let executions = 0;
  let steps = 0;
  strategy.beginExploration?.({ watchesEveryState: false });
  while (strategy.beginExecution()) {
    const ending = engine.run(strategy);
    steps += engine.sites.length;
    if (ending.kind === "pruned") continue;
    found.note(machine!, observer.candidate);
    onExecution?.(++executions);
  }
  return { ...found.result(), test, memory, executions, steps };
}

interface State {
  readonly values: FinalState["values"];
  readonly candidates: Set<string>;
  readonly holds: boolean;
}

/** The final states seen so far. */
class Findings {
  readonly #test: LitmusTest;
  readonly #states = new Map<string, State>();
  readonly #outcomes = new Set<string>();

  constructor(test: LitmusTest) {
    this.#test = test;
  }

  note(machine: Machine, candidate: string): void {
    const { condition, filter, shown } = this.#test;
    const look = (place: Place): Value => machine.look(place);
    if (filter !== undefined && !holds(filter, look)) return;
    this.#outcomes.add(String(machine));
    const values = shown.map((place) => ({ place: placeText(place), value: look(place) }));
    const key = values.map(({ value }) => String(value)).join(" ");
    const known = this.#states.get(key);
    if (known !== undefined) return void known.candidates.add(candidate);
    const isHolding = holds(condition.proposition, look);
    this.#states.set(key, { values, candidates: new Set([candidate]), holds: isHolding });
  }

  result(): Omit<LitmusResult, "test" | "memory" | "executions" | "steps"> {
    const states = [...this.#states.values()]
      .map(({ values, candidates, holds: isHolding }) => ({
        values,
        candidates: candidates.size,
        holds: isHolding,
      }))
      .toSorted(byValues);
    const count = (isHolding: boolean): number =>
      states
        .filter((state) => state.holds === isHolding)
        .reduce((sum, { candidates }) => sum + candidates, 0);
    const positive = count(true);
    const negative = count(false);
    const observation = positive === 0 ? "Never" : negative === 0 ? "Always" : "Sometimes";
    const { quantifier } = this.#test.condition;
    const isOk =
      quantifier === "exists" ? positive > 0 : (quantifier === "forall" ? negative : positive) === 0;
    return { states, outcomes: this.#outcomes, positive, negative, observation, isOk };
  }
}

function byValues(a: FinalState, b: FinalState): number {
  for (const [at, { value }] of a.values.entries()) {
    const other = b.values[at]!.value;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
