/**
 * The reference for searches over states: the same search, slow and simple. It remembers nothing but the texts of the states it
 * has seen; every step of every state is taken by running the plain engine from the start. Tests compare the two.
 */

import { signatureOf } from "../finding.ts";
import { landmarkOf } from "../landmark.ts";
import { isPause } from "../memory.ts";
import type { Ending } from "../outcome.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import type { ModelThread } from "../thread.ts";
import { UsageError } from "../assert.ts";
import type { Operation } from "../operation.ts";
import { advance, RouteRun, type Route, type Traveller } from "./route-run.ts";

/** What `statesByReplay` counts. */
export interface ReplayedStates {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** Findings by signature, with the fewest steps that show them. */
  readonly findings: ReadonlyMap<string, number>;
  /**
   * The states: for each thread a line with what it has seen, for each that pauses whether it has news, one for each thing that
   * is tracked, and one for each object with its name: `o-1.0` and so on in the order of `setup`, `o2.0` for the first of thread 2.
   */
  readonly texts: ReadonlySet<string>;
}

/** What one run along a route showed. */
interface Sight {
  readonly ending: Ending;
  /** The state at the end, as text; of an execution that reports a violation there is none. */
  readonly text: string | undefined;
  readonly enabled: readonly number[];
  readonly signature: string | undefined;
}

/**
 * Searches all states of a scenario breadth-first, by replay. Only for tests, and for small scenarios.
 *
 * @throws {UsageError} when a property is broken by one way to a state and not by another: it looks at what is no state.
 */
export function statesByReplay<W>(scenario: Scenario<W>, settings: RunSettings = {}): ReplayedStates {
  const pausing = new Set<number>();
  for (;;) {
    const known = pausing.size;
    const found = new ReplaySearch(scenario, settings, pausing).run();
    if (pausing.size === known) return found;
  }
}

class ReplaySearch<W> {
  readonly #bare: Sightseer<W>;
  readonly #whole: Sightseer<W>;
  /** Whether a property is broken, by state. */
  readonly #seen = new Map<string, boolean>();
  readonly #findings = new Map<string, number>();
  #next: { readonly route: Route; readonly enabled: readonly number[] }[] = [];
  #transitions = 0;

  constructor(scenario: Scenario<W>, settings: RunSettings, pausing: Set<number>) {
    this.#bare = new Sightseer({ ...scenario, properties: [] }, settings, pausing);
    this.#whole = new Sightseer(scenario, settings, pausing);
  }

  run(): ReplayedStates {
    this.#arriveBy([], []);
    let depth = 0;
    for (let level = this.#next; ; depth++) {
      this.#next = [];
      const before = this.#seen.size;
      for (const { route, enabled } of level)
        for (const thread of enabled) {
          this.#transitions += this.#arriveBy([...route.choices, thread], route.values);
        }
      if (this.#seen.size === before) break;
      level = this.#next;
    }
    const texts = new Set(this.#seen.keys());
    return { states: texts.size, transitions: this.#transitions, depth, findings: this.#findings, texts };
  }

  /** Looks at where choices lead, for all answers to the data choices of the last step. @returns how many those are. */
  #arriveBy(choices: readonly number[], values: readonly number[]): number {
    const trial: number[] = [];
    let count = 0;
    do {
      const sight = this.#bare.along({ choices, values }, trial);
      this.#look({ choices, values: [...values, ...trial] }, sight);
      count++;
    } while (advance(trial, this.#bare.run.arities));
    return count;
  }

  #look(route: Route, { text, enabled }: Sight): void {
    const { ending, signature } = this.#whole.along(route, []);
    if (signature !== undefined && !this.#findings.has(signature))
      this.#findings.set(signature, route.choices.length);
    if (text === undefined) return;
    const isBroken = ending.kind === "violation";
    if (this.#seen.has(text)) {
      if (this.#seen.get(text) === isBroken) return;
      throw new UsageError(`Two ways to one state differ in what properties say: ${text}`);
    }
    this.#seen.set(text, isBroken);
    if (!isBroken) this.#next.push({ route, enabled });
  }
}

/** Runs routes and describes where they lead. */
class Sightseer<W> implements Traveller {
  readonly run: RouteRun<W>;
  readonly #pausing: Set<number>;
  /** What each thread has seen since it forgot. */
  #pasts: string[][] = [];
  #text: string | undefined;
  #enabled: readonly number[] = [];
  #counters: string | undefined;

  constructor(scenario: Scenario<W>, settings: RunSettings, pausing: Set<number>) {
    this.#pausing = pausing;
    this.run = new RouteRun(scenario, settings, this);
  }

  along(route: Route, trial: number[]): Sight {
    this.#text = undefined;
    this.#enabled = [];
    this.#counters = undefined;
    const ending = this.run.along(route, trial);
    const signature = "oracle" in ending ? signatureOf(ending, this.run.engine) : undefined;
    return { ending, text: this.#text, enabled: this.#enabled, signature };
  }

  onSetUp(threads: readonly ModelThread[]): void {
    this.#pasts = threads.map(() => []);
  }

  onStep(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    const landmark = landmarkOf(operation);
    const { names } = this.run;
    if (landmark === undefined) this.#pasts[thread.id]!.push(names.text(result));
    else this.#pasts[thread.id] = [`${landmark.label} ${names.text(landmark.values)}`];
  }

  /** A counter that a step has changed was read by it. */
  onSettled(last: ModelThread | undefined): void {
    const { names, trackers } = this.run;
    const counters = trackers.filter(({ isCounter }) => isCounter).map(({ read }) => names.text(read()));
    const text = counters.join(";");
    if (last !== undefined && text !== this.#counters) this.#pasts[last.id]!.push(`from ${this.#counters}`);
    this.#counters = text;
  }

  onPoint(threads: readonly ModelThread[]): undefined {
    this.#describe(threads);
    this.#enabled = threads.filter(({ isEnabled }) => isEnabled).map(({ id }) => id);
  }

  onEnd(threads: readonly ModelThread[], { kind }: Ending): void {
    if (kind !== "violation") this.#describe(threads);
  }

  #describe(threads: readonly ModelThread[]): void {
    const { names, trackers, engine } = this.run;
    for (const { pending, id } of threads)
      if (pending !== undefined && isPause(pending.kind)) this.#pausing.add(id);
    const news = Array.from(this.#pausing, (id) => {
      const thread = threads[id]!;
      return `${id}:${engine.foreignWrites(thread) > thread.foreignWritesSeen}`;
    });
    const objects = Array.from(
      names.stateful,
      ([object, name]) => `${name}=${names.text(object.stateValue())}`,
    );
    this.#text = [
      ...this.#pasts.map((past) => past.join(";")),
      ...news.sort(),
      ...trackers.map(({ read }) => names.text(read())),
      // Two orders of creation are one state.
      ...objects.sort(),
    ].join("\n");
  }
}
