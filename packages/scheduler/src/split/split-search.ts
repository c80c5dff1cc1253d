/**
 * An exhaustive search in parts. It hands out slices of parts, to one worker or to several, and puts together what they
 * report *in the order of the search*, so that the result is that of the search in one piece whatever the workers do when:
 * the same counts, findings, tokens.
 *
 * - Parts are disjoint subtrees; see position.ts. When a worker has nothing to do, what is left of a part is split.
 * - What executions teach beyond themselves (signatures seen before, facts of lockdep, properties reached) depends on their
 *   order. So the executions that taught their part something are run again here, on one engine, in the order of the
 *   search. Only what has been run again counts.
 * - A finding ends the search where the search in one piece would have stopped, and so does a budget: what has been run
 *   beyond the budget is kept, but not counted yet.
 */

import { Engine } from "../engine.ts";
import type { Exploration } from "../explorer.ts";
import { Findings } from "../findings.ts";
import type { RunSettings } from "../run-settings.ts";
import type { Scenario } from "../scenario.ts";
import type { ExhaustiveOptions } from "../strategies/exhaustive.ts";
import { SEARCH_START, shareLeft, splitPosition } from "./position.ts";
import { added, NO_COUNTS, type Counts, type SliceRequest, type SliceResult } from "./slice.ts";
import { following, newPart, type Known, type Part, type SearchState } from "./state.ts";
import { Watch } from "./watch.ts";

/** Options of a split search. */
export interface SplitSearchOptions extends RunSettings {
  /**
   * The searches to do one after the other, until one has cut nothing off: a single one, or the levels of an iterative
   * bound.
   */
  readonly levels: readonly ExhaustiveOptions[];
  /** Stop at the first finding, or go on and collect one per signature. */
  readonly stopAtFirst: boolean;
  /** Stop after so many executions more. Default: no limit. */
  readonly executionsMax?: number;
  /** Steps of one slice, more or less. Default 20,000: some tens of milliseconds. The result does not depend on it. */
  readonly sliceSteps?: number;
}

/** What a search has done so far, for progress. */
export interface SplitProgress {
  /** Of the whole search; parts that are not put together yet included. */
  readonly counts: Counts;
  /** Of the level the search is at. */
  readonly levelCounts: Counts;
  readonly level: number;
  /** Which share of the level's tree is left; see `shareLeft`. */
  readonly shareLeft: number;
}

const SLICE_STEPS = 20_000;
/** In place of a part: the first part once more, up to the budget. */
const CUT = -1;

/** A search in parts. */
export class SplitSearch<W> {
  readonly #options: SplitSearchOptions;
  readonly #engine: Engine<W>;
  readonly #watch: Watch<W>;
  readonly #findings: Findings<W>;
  readonly #executionsLimit: number;
  readonly #history: Known[] = [];
  /** The parts of this level that are not put together yet, in the order of the search. */
  #parts: Part[] = [];
  #partsMade = 0;
  #level = 0;
  #hasCut = false;
  #counts: Counts = NO_COUNTS;
  #countsBefore: Counts = NO_COUNTS;
  #isCutting = false;
  #isExhausted = false;

  /** @param from the state of a search with the same scenario and options, but for the budget and the slices. */
  constructor(scenario: Scenario<W>, options: SplitSearchOptions, from?: SearchState) {
    this.#options = options;
    this.#engine = new Engine(scenario, options);
    this.#watch = new Watch(this.#engine);
    this.#findings = new Findings(this.#engine, () => options.stopAtFirst);
    if (from === undefined) this.#parts = [newPart(this.#partsMade++, SEARCH_START)];
    else this.#restore(from);
    this.#executionsLimit = this.#counts.executions + (options.executionsMax ?? Infinity);
    this.#putTogether();
  }

  /** Whether there is nothing to do any more: all is searched, a finding has ended it, or the budget is spent. */
  get isOver(): boolean {
    return !this.canContinue || this.#room <= 0;
  }

  /** Whether a later search could go on from here. */
  get canContinue(): boolean {
    return !this.#isExhausted && !this.#findings.isGoalReached;
  }

  get progress(): SplitProgress {
    const counts = this.#parts.reduce((sum, part) => added(sum, part.counts), this.#counts);
    return {
      counts,
      levelCounts: added(counts, this.#countsBefore, -1),
      level: this.#level,
      shareLeft: this.#parts.reduce(
        (sum, { position, isDone }) => sum + (isDone ? 0 : shareLeft(position)),
        0,
      ),
    };
  }

  /** Up to `workers` slices to run now. Parts are split where there are too few. */
  take(workers: number): readonly SliceRequest[] {
    if (this.isOver || this.#isCutting) return [];
    if (this.#isBeyondBudget) return [this.#requestCut()];
    while (this.#waiting.length < workers && this.#splitOne());
    return this.#waiting.slice(0, workers).map((part) => this.#request(part));
  }

  /** Takes in what a worker reports. */
  accept(result: SliceResult): void {
    if (result.part === CUT) this.#cut(result);
    const at = this.#parts.findIndex(({ id }) => id === result.part);
    const part = this.#parts[at];
    if (part === undefined) return;
    part.isRunning = false;
    for (const notable of result.notables)
      part.notables.push({ ...notable, counts: added(part.counts, notable.counts) });
    part.counts = added(part.counts, result.counts);
    part.position = result.position;
    part.isDone = result.isDone || result.isStopped;
    // The search in one piece would never come to what follows.
    if (result.isStopped) this.#parts.length = at + 1;
    this.#putTogether();
  }

  /** What the search has shown so far, as the search in one piece would say it. */
  exploration(): Exploration {
    const bound = this.#options.levels.at(-1)!;
    return {
      outcome: this.#findings.outcome,
      violations: this.#findings.violations,
      ...this.#counts,
      complete: this.#isExhausted && !this.#hasCut && !this.#findings.wasCutOff,
      preemptionsMax: bound.preemptionsMax,
      delaysMax: bound.delaysMax,
      unreached: this.#engine.properties.unreached,
      unmatched: this.#engine.ablations.unmatched,
    };
  }

  /** All that is needed to go on later. Slices that are being run are not in it; they would be run again. */
  state(): SearchState {
    return {
      level: this.#level,
      hasCut: this.#hasCut,
      counts: this.#counts,
      countsBefore: this.#countsBefore,
      notables: [...this.#history],
      parts: this.#parts.map(({ start, position, counts, notables, isDone }) => ({
        start,
        position,
        counts,
        notables: [...notables],
        isDone,
      })),
    };
  }

  /** Executions left in the budget. */
  get #room(): number {
    return this.#executionsLimit - this.#counts.executions;
  }

  get #waiting(): readonly Part[] {
    return this.#parts.filter(({ isDone, isRunning }) => !isDone && !isRunning);
  }

  /** The part that comes next has been run further than the budget allows, or just as far and then some pruned ones. */
  get #isBeyondBudget(): boolean {
    return (this.#parts[0]?.counts.executions ?? 0) >= this.#room;
  }

  #restore({ level, hasCut, counts, countsBefore, notables, parts }: SearchState): void {
    this.#level = level;
    this.#hasCut = hasCut;
    this.#counts = counts;
    this.#countsBefore = countsBefore;
    for (const notable of notables) this.#runAgain(notable);
    this.#parts = parts.map((part) => ({
      ...newPart(this.#partsMade++, part.start),
      ...part,
      notables: [...part.notables],
    }));
  }

  /** Splits the first part that can be split; false when there is none. */
  #splitOne(): boolean {
    for (const part of this.#waiting) {
      const halves = splitPosition(part.position);
      if (halves === undefined) continue;
      part.position = halves.kept;
      this.#parts.splice(this.#parts.indexOf(part) + 1, 0, newPart(this.#partsMade++, halves.given));
      return true;
    }
    return false;
  }

  #request(part: Part): SliceRequest {
    part.isRunning = true;
    return {
      part: part.id,
      search: this.#options.levels[this.#level]!,
      from: part.position,
      stepsMax: this.#options.sliceSteps ?? SLICE_STEPS,
      executionsMax: this.#room,
      stopAtFirst: this.#options.stopAtFirst,
    };
  }

  #requestCut(): SliceRequest {
    this.#isCutting = true;
    return { ...this.#request(this.#parts[0]!), part: CUT, from: this.#parts[0]!.start, stepsMax: Infinity };
  }

  /** Puts together what the budget allows of the first part, and leaves the rest of what was run there for later. */
  #cut({ counts, notables, position }: SliceResult): void {
    this.#isCutting = false;
    const part = this.#parts[0]!;
    const runs = ({ executions, pruned }: Counts): number => executions + pruned;
    const later = part.notables
      .filter((notable) => runs(notable.counts) > runs(counts))
      .map((notable) => ({ ...notable, counts: added(notable.counts, counts, -1) }));
    const rest = { ...part, start: position, counts: added(part.counts, counts, -1), notables: later };
    this.#parts[0] = rest;
    this.#absorb({ counts, notables });
  }

  /** Puts the first parts together, as far as they are known, and moves on at the end of a level. */
  #putTogether(): void {
    while (!this.isOver) {
      const part = this.#parts[0];
      if (part === undefined) this.#toNextLevel();
      else {
        if (this.#isBeyondBudget) return;
        this.#absorb(part);
        if (this.isOver) return;
        part.start = part.position;
        part.counts = NO_COUNTS;
        part.notables = [];
        if (!part.isDone) return;
        this.#hasCut ||= part.position.hasCut;
        this.#parts.shift();
      }
    }
  }

  /** Counts what was run next in the order of the search, and runs again what has taught it something. */
  #absorb({ counts, notables }: Pick<SliceResult, "counts" | "notables">): void {
    for (const notable of notables) {
      this.#runAgain(notable);
      if (!this.#findings.isGoalReached) continue;
      this.#counts = added(this.#counts, notable.counts);
      return;
    }
    this.#counts = added(this.#counts, counts);
  }

  #runAgain(known: Known): void {
    const ending = this.#engine.run(following(known));
    this.#findings.note(ending);
    const { choices, values } = known;
    if (this.#watch.hasLearned(ending)) this.#history.push({ choices, values });
  }

  #toNextLevel(): void {
    this.#isExhausted = !this.#hasCut || this.#level === this.#options.levels.length - 1;
    if (this.#isExhausted) return;
    this.#level++;
    this.#hasCut = false;
    this.#countsBefore = this.#counts;
    this.#parts = [newPart(this.#partsMade++, SEARCH_START)];
  }
}
