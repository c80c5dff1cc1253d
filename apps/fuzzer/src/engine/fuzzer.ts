/** The fuzzing loop: an arm makes a schedule, it is run, what is new is kept, what is wrong is filed. */

import {
  asideFindings,
  encodeSchedule,
  Engine,
  findingOf,
  minimize,
  modelFingerprint,
  Prng,
  replaySchedule,
  signatureOf,
  type Ablation,
  type BadEnding,
  type MemoryModel,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";
import { armGroupsOf, firstAttempts, type FuzzStrategy } from "../arms/arms.ts";
import type { Attempt } from "../arms/arm.ts";
import { Turns } from "../arms/turns.ts";
import { Corpus, type Seed } from "../corpus/corpus.ts";
import { AccessLog } from "../coverage/access-log.ts";
import { InterleavingObserver } from "../coverage/interleaving.ts";
import { featuresOf, Novelty } from "../coverage/novelty.ts";

/** What a worker did in a round. */
export interface RoundResult {
  readonly executions: number;
  readonly steps: number;
  /** Schedules that were new to the worker. */
  readonly seeds: readonly Uint8Array[];
  /** Findings that were new to the worker. */
  readonly findings: readonly Violation[];
  readonly unreached: readonly string[];
  /** Sites of ablations that have matched nothing so far. */
  readonly unmatched: readonly string[];
}

/** Options of a campaign on one scenario. */
export interface FuzzerOptions {
  readonly randomSeed: number;
  readonly strategy: FuzzStrategy;
  readonly ablations: readonly Ablation[];
  readonly memory: MemoryModel;
  readonly stopOnFirst: boolean;
  /** Whether findings are made small (default), or told as they were found. */
  readonly minimizes?: boolean;
  /** Signatures of findings that are known, and not wanted again. */
  readonly known?: ReadonlySet<string>;
}

/** One campaign on one scenario. */
export class Fuzzer<W> {
  readonly corpus: Corpus = new Corpus();
  readonly novelty: Novelty = new Novelty();
  /** Minimized findings, one per signature, in the order found. */
  readonly findings: Map<string, Violation> = new Map();
  /** Called when a schedule enters the corpus. */
  onSeed: (schedule: Uint8Array) => void = () => {};
  /** Called with the schedule of a finding before it is made small, which takes seconds. */
  onFound: (schedule: Uint8Array) => void = () => {};
  executions = 0;
  steps = 0;
  readonly #scenario: Scenario<W>;
  readonly #options: FuzzerOptions;
  readonly #observer = new InterleavingObserver();
  readonly #accesses = new AccessLog();
  readonly #engine: Engine<W>;
  readonly #turns: Turns;
  /** Properties reached and sites matched by workers. */
  readonly #seenElsewhere = new Set<string>();
  #knownFingerprint: number | undefined;

  constructor(scenario: Scenario<W>, options: FuzzerOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#engine = new Engine(scenario, options, [this.#observer, this.#accesses]);
    const prng = new Prng(options.randomSeed);
    const { corpus, novelty } = this;
    const threadCount = (): number => this.#engine.threads.length;
    const materials = { prng, corpus, novelty, threadCount };
    const { strategy, randomSeed } = options;
    const groups = armGroupsOf(strategy, materials, randomSeed);
    this.#turns = new Turns(groups, prng, { first: firstAttempts(strategy, randomSeed), threadCount });
  }

  /** Whether the campaign has reached its goal. */
  get isDone(): boolean {
    return this.#options.stopOnFirst && this.findings.size > 0;
  }

  /** The names of the `sometimes` properties that no execution has shown yet. */
  get unreached(): readonly string[] {
    return this.#engine.properties.unreached.filter((name) => !this.#seenElsewhere.has(name));
  }

  /** Ablations that matched no operation so far. */
  get unmatched(): readonly Ablation[] {
    return this.#options.ablations.filter(
      (ablation) => !this.#engine.ablations.matched.has(ablation) && !this.#seenElsewhere.has(ablation.site),
    );
  }

  /** Runs so many executions, or fewer when the campaign is done. */
  run(executions: number): void {
    for (let left = executions; left > 0 && !this.isDone; left--) {
      this.#turns.onResult(this.#evaluate(this.#turns.next()));
    }
  }

  /** Runs a schedule from outside, such as a corpus file. */
  replay(schedule: Uint8Array): void {
    this.#evaluate({ strategy: replaySchedule(schedule), constraints: [] });
  }

  /** Takes in what a worker did: its executions count as this fuzzer's own. */
  absorb(round: RoundResult): void {
    const executions = this.executions + round.executions;
    const steps = this.steps + round.steps;
    for (const schedule of round.seeds) this.replay(schedule);
    this.executions = executions;
    this.steps = steps;
    for (const finding of round.findings) {
      if (!this.findings.has(finding.signature)) this.findings.set(finding.signature, finding);
    }
    for (const name of this.unreached) if (!round.unreached.includes(name)) this.#seenElsewhere.add(name);
    for (const { site } of this.unmatched) if (!round.unmatched.includes(site)) this.#seenElsewhere.add(site);
  }

  /**
   * Runs one execution, keeps what is new, files what is wrong. Where only the model has learned something, such as a lock
   * order, the schedule is no seed to mutate, but told: whoever collects from workers learns it by running it again.
   *
   * @returns whether coverage showed anything new.
   */
  #evaluate({ strategy, constraints }: Attempt): boolean {
    strategy.beginExecution();
    const { learned } = this.#engine;
    const ending = this.#engine.run(strategy);
    this.executions++;
    this.steps += this.#engine.sites.length;
    if ("oracle" in ending) this.#file(ending);
    if (this.#engine.asides.length > 0) this.#fileAsides();
    const earnedBy = this.novelty.newIn(this.#observer);
    if (earnedBy.length > 0) this.#keep(earnedBy, constraints);
    else if (this.#engine.learned !== learned) this.onSeed(this.#schedule());
    return earnedBy.length > 0;
  }

  #keep(earnedBy: Seed["earnedBy"], constraints: Seed["constraints"]): void {
    const seed: Seed = {
      schedule: this.#schedule(),
      choices: [...this.#engine.choices],
      values: [...this.#engine.values],
      features: featuresOf(this.#observer),
      earnedBy,
      readsFrom: this.#observer.readsFrom,
      constraints,
      accesses: this.#accesses.shared(),
      races: [...this.#accesses.races],
      timesPicked: 0,
    };
    this.corpus.add(seed);
    this.#turns.onSeed(seed);
    this.onSeed(seed.schedule);
  }

  #schedule(): Uint8Array {
    return encodeSchedule(this.#engine.choices, this.#engine.values);
  }

  /** Triage: confirm by replay while minimizing, keep one per signature. */
  #file(ending: BadEnding): void {
    const signature = signatureOf(ending, this.#engine);
    if (this.#isKnown(signature)) return;
    const found = findingOf(this.#engine, ending, this.#fingerprint());
    const { minimizes = true } = this.#options;
    this.findings.set(signature, minimizes ? this.#madeSmall(found) : found);
  }

  #madeSmall(found: Violation): Violation {
    this.onFound(found.schedule);
    const { ablations, memory } = this.#options;
    return minimize(this.#scenario, found, { ablations, memory }).violation;
  }

  /** Findings that this execution showed only beside others; their tokens say what those were. */
  #fileAsides(): void {
    for (const finding of asideFindings(this.#engine, this.#fingerprint())) {
      if (!this.#isKnown(finding.signature)) this.findings.set(finding.signature, finding);
    }
  }

  #isKnown(signature: string): boolean {
    return this.findings.has(signature) || this.#options.known?.has(signature) === true;
  }

  #fingerprint(): number {
    return (this.#knownFingerprint ??= modelFingerprint(this.#scenario));
  }
}
