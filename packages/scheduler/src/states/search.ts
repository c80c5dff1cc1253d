/**
 * Search over states: a state is what the shared objects hold and what each thread has seen, and is looked at once however
 * many executions lead there. Breadth-first finds a shortest counterexample.
 *
 * A thread is deterministic given what its operations return, so its behaviour is an automaton that is learned by running it
 * (transitions.ts, learner.ts); the search itself runs no model code. Findings are shown by the plain engine (judge.ts).
 */

import { UsageError } from "../assert.ts";
import type { Outcome } from "../outcome.ts";
import { STEPS_MAX_DEFAULT, type Scenario } from "../scenario.ts";
import { costsOf, NOBODY, type Costs } from "./costs.ts";
import { Findings } from "./findings.ts";
import { HashSet64 } from "./hash-set.ts";
import { Judge, oracleOf } from "./judge.ts";
import { NewPause } from "./looks-at.ts";
import { HEADER, INDEX, MEMORY_HIGH, MEMORY_LOW, Rows } from "./rows.ts";
import type { StateExploration, StateSearchOptions } from "./options.ts";
import type { Way } from "./equivariance.ts";
import { Interchange } from "./interchange.ts";
import { judgedOtherwise, MEMOIZED_VIOLATION } from "./refusals.ts";
import { NONE } from "./transitions.ts";
import { Walker } from "./walker.ts";

/** How often `onStates` is called: after so many states that were looked at. */
const PROGRESS_EVERY = 1024;

/** Of so many executions that end, one is run again to see whether its end is what the search believes. */
const VERIFY_EVERY = 16;

/**
 * Searches all states of a scenario. Two states are one when the shared objects hold the same and each thread has got the same
 * results from its operations, whatever way led there; `forget` says what threads no longer know.
 *
 * States are told apart by 64 bits of hash; see `HashSet64` for what that can miss. All else is exact.
 *
 * @throws {UsageError} when a shared object does not say what its state is; when an operation or a thread depends on what
 * neither its footprint nor its past names; when the options make no sense.
 */
export function searchStates<W>(scenario: Scenario<W>, options: StateSearchOptions = {}): StateExploration {
  if (options.order === "dfs" && (options.preemptionsMax ?? options.delaysMax) !== undefined)
    throw new UsageError("searchStates: a bounded search goes breadth-first; leave order out.");
  const interchange = options.symmetry === true ? new Interchange(scenario, options) : undefined;
  const pausing = new Set<number>();
  for (;;) {
    try {
      return new StateSearch(scenario, options, [...pausing], interchange).run();
    } catch (error) {
      if (!(error instanceof NewPause)) throw error;
      for (const thread of interchange?.alike(error.thread) ?? [error.thread]) pausing.add(thread);
    }
  }
}

class StateSearch<W> {
  readonly #options: StateSearchOptions;
  readonly #costs: Costs | undefined;
  readonly #walker: Walker<W>;
  readonly #judge: Judge<W>;
  readonly #stepsMax: number;
  readonly #watchesStates: boolean;
  /** Hashes of memories whose properties have been looked at. */
  readonly #judged = new HashSet64();
  readonly #findings: Findings<W>;
  #isHardware: readonly boolean[] = [];
  readonly #enabled: boolean[] = [];
  #transitions = 0;
  #depth = 0;
  #rowBytes = 0;
  #looked = 0;
  #ends = 0;
  #isGivenUp = false;
  #hasCut = false;
  #stepLimit: number | undefined;

  constructor(
    scenario: Scenario<W>,
    options: StateSearchOptions,
    pausing: readonly number[],
    interchange?: Interchange<W>,
  ) {
    this.#options = options;
    this.#costs = costsOf(options.preemptionsMax, options.delaysMax);
    this.#findings = new Findings(scenario, options);
    this.#judge = new Judge(scenario, options);
    this.#walker = new Walker(scenario, options, pausing, interchange);
    this.#stepsMax = scenario.stepsMax ?? STEPS_MAX_DEFAULT;
    this.#watchesStates = scenario.properties.some(({ kind }) => kind === "always" || kind === "never");
  }

  run(): StateExploration {
    const roots = this.#start();
    if (this.#options.order === "dfs") this.#searchDepthFirst(roots);
    else this.#searchBreadthFirst(roots);
    return this.#result();
  }

  #start(): Rows {
    const walker = this.#walker;
    const rows = new Rows(walker.slots.width);
    walker.learner.afterRun = () => this.#findings.fileAsides(walker.learner.run.engine);
    for (const [at, { state }] of walker.roots().entries()) {
      if (state === undefined) this.#look({ root: at, edges: [] });
      else if (walker.addRoot(at, state, this.#costs?.lastAtStart ?? NOBODY, rows)) this.#enter(rows);
    }
    this.#isHardware = walker.learner.run.engine.threads.map(({ isHardware }) => isHardware);
    return rows;
  }

  /** Level by level of costs, and in each by the number of steps. */
  #searchBreadthFirst(roots: Rows): void {
    const deferred: Rows[][] = [];
    const costMax = this.#costs?.max ?? 0;
    let level = roots;
    let next = new Rows(this.#walker.slots.width);
    for (let cost = 0; cost <= costMax && !this.#isStopped; cost++) {
      const waiting = deferred[cost] ?? [];
      for (let depth = 0; (level.count > 0 || depth < waiting.length) && !this.#isStopped; depth++) {
        this.#admit(waiting[depth], level);
        const before = this.#walker.states;
        this.#expandLevel(level, depth, next, (edge, last, by) => {
          if (cost + by > costMax) this.#hasCut = true;
          else this.#walker.defer(edge, last, rowsAt((deferred[cost + by] ??= []), depth + 1));
        });
        if (this.#walker.states > before) this.#depth = Math.max(this.#depth, depth + 1);
        level.clear();
        [level, next] = [next, level];
      }
    }
  }

  #admit(deferred: Rows | undefined, level: Rows): void {
    if (deferred === undefined) return;
    for (let row = 0; row < deferred.count; row++) {
      if (this.#walker.admit(deferred, row, level)) this.#enter(level);
    }
  }

  /** After a finding only dead ends are looked for: those are a step shorter than what the others lead to. */
  #expandLevel(
    level: Rows,
    depth: number,
    next: Rows,
    defer: (edge: number, last: number, cost: number) => void,
  ): void {
    const walker = this.#walker;
    if (this.#isStopped) return;
    for (let row = 0; row < level.count; row++) {
      walker.load(level, row);
      if (!this.#isOpen(depth) || this.#isStopped) continue;
      for (let thread = 0; thread < walker.outcomes.length; thread++) {
        const cost = this.#costOf(thread);
        const last = this.#costs === undefined || this.#isHardware[thread] === true ? walker.last : thread;
        for (let edge = walker.outcomes[thread]!; edge >= 0; edge = walker.transitions.nextOf[edge]!) {
          if (cost > 0) defer(edge, last, cost);
          else this.#take(edge, last, next);
        }
      }
    }
    this.#rowBytes = Math.max(this.#rowBytes, level.bytes + next.bytes);
  }

  #costOf(thread: number): number {
    if (this.#costs === undefined || this.#walker.outcomes[thread]! < 0) return 0;
    for (const [id, outcome] of this.#walker.outcomes.entries()) this.#enabled[id] = outcome >= 0;
    return this.#costs.of(this.#enabled, this.#isHardware, this.#walker.last, thread);
  }

  #searchDepthFirst(roots: Rows): void {
    const walker = this.#walker;
    const path = new Rows(walker.slots.width);
    for (let root = 0; root < roots.count && !this.#isStopped; root++) {
      walker.fit(path);
      path.pushFrom(roots, root);
      const frames = [this.#frame(path)];
      while (frames.length > 0 && !this.#isStopped) {
        const edge = frames.at(-1)!.pop();
        if (edge === undefined) {
          frames.pop();
          path.count--;
          continue;
        }
        walker.load(path, path.count - 1);
        if (this.#take(edge, walker.last, path)) {
          this.#depth = Math.max(this.#depth, frames.length);
          frames.push(this.#frame(path));
        }
        this.#rowBytes = Math.max(this.#rowBytes, path.bytes);
      }
      path.clear();
    }
  }

  /** The edges out of the last state of a path, last first. */
  #frame(path: Rows): number[] {
    const walker = this.#walker;
    walker.load(path, path.count - 1);
    if (!this.#isOpen(path.count - 1)) return [];
    const edges: number[] = [];
    for (const outcome of walker.outcomes)
      for (let edge = outcome; edge >= 0; edge = walker.transitions.nextOf[edge]!) edges.push(edge);
    return edges.toReversed();
  }

  /** Whether an execution goes on in the state of the walker. Its end is looked at. */
  #isOpen(depth: number): boolean {
    const { states, index } = this.#walker;
    const { statesMax = Infinity, onStates } = this.#options;
    if (states >= statesMax) {
      this.#isGivenUp = true;
      return false;
    }
    if (++this.#looked % PROGRESS_EVERY === 0 && onStates?.(states) === false) this.#isGivenUp = true;
    if (depth < this.#stepsMax) {
      this.#walker.findOutcomes();
      if (this.#walker.outcomes.some((outcome) => outcome >= 0)) return true;
    }
    const way = this.#walker.wayTo(index);
    if (depth < this.#stepsMax && this.#ends++ % VERIFY_EVERY === 0)
      this.#walker.learner.verify(this.#walker.routeOf(way), this.#walker.state);
    this.#look(way);
    return false;
  }

  /** Goes a step; true when that leads to a new state from which the search goes on. */
  #take(edge: number, last: number, rows: Rows): boolean {
    const walker = this.#walker;
    this.#transitions++;
    if (walker.transitions.targetOf[edge] !== NONE)
      return walker.reach(edge, last, rows) && this.#enter(rows);
    const { root, edges } = walker.wayTo(walker.index);
    if (!this.#look({ root, edges: [...edges, edge] })) throw new UsageError(MEMOIZED_VIOLATION);
    return false;
  }

  /** Looks at the properties of the state in the last row; takes the row away if one is broken. */
  #enter(rows: Rows): boolean {
    if (!this.#watchesStates && this.#judge.engine.properties.unreached.length === 0) return true;
    const { header, count } = rows;
    const at = (count - 1) * HEADER;
    const low = header[at + MEMORY_LOW]!;
    const high = header[at + MEMORY_HIGH]!;
    const isTracked = this.#walker.learner.ghostsAreTracked;
    if (isTracked && this.#judged.has(low, high)) return true;
    if (!this.#look(this.#walker.wayTo(header[at + INDEX]!))) {
      this.#judged.add(low, high);
      return true;
    }
    rows.count--;
    return false;
  }

  /** Goes a way with the plain engine; true when that ends with a finding, which is filed. */
  #look(way: Way): boolean {
    const permuted = this.#walker.permuted(way);
    const there = permuted && this.#judge.oracleAfter(this.#walker.routeOf(permuted));
    const ending = this.#judge.run(this.#walker.routeOf(way));
    if (permuted !== undefined && oracleOf(ending) !== there)
      throw new UsageError(judgedOtherwise(oracleOf(ending), there));
    if (ending.kind === "stepLimit") this.#stepLimit ??= this.#judge.engine.sites.length;
    if (!("oracle" in ending)) return false;
    this.#findings.fileEnding(this.#judge, ending);
    return true;
  }

  get #isStopped(): boolean {
    return this.#isGivenUp || this.#findings.areEnough;
  }

  get #noFinding(): Outcome {
    return this.#stepLimit === undefined ? { kind: "none" } : { kind: "stepLimit", steps: this.#stepLimit };
  }

  #result(): StateExploration {
    const { learner, states } = this.#walker;
    const { matched } = learner.run.engine.ablations;
    const { preemptionsMax, delaysMax, ablations = [] } = this.#options;
    return {
      outcome: this.#findings.outcome(this.#costs === undefined) ?? this.#noFinding,
      violations: this.#findings.violations,
      executions: learner.run.engine.runs + this.#judge.engine.runs,
      pruned: 0,
      steps: learner.run.steps + this.#judge.steps,
      complete: !this.#isStopped && !this.#hasCut && this.#stepLimit === undefined,
      preemptionsMax,
      delaysMax,
      unreached: this.#judge.engine.properties.unreached,
      unmatched: ablations.filter((ablation) => !matched.has(ablation)),
      states,
      transitions: this.#transitions,
      depth: this.#depth,
      bytes: this.#walker.bytes + this.#judged.bytes + this.#rowBytes,
    };
  }
}

function rowsAt(byDepth: Rows[], depth: number): Rows {
  return (byDepth[depth] ??= new Rows(0));
}
