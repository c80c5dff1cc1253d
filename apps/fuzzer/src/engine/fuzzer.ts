/** The fuzzing loop: coverage-guided mutation of schedules beside an arm of random and PCT schedules. */

import {
  asideFindings,
  encodeSchedule,
  Engine,
  findingOf,
  minimize,
  modelFingerprint,
  pct,
  pos,
  Prng,
  random,
  replaySchedule,
  signatureOf,
  surw,
  uniformWalk,
  type Ablation,
  type BadEnding,
  type MemoryModel,
  type SamplingOptions,
  type Scenario,
  type Strategy,
  type Violation,
} from "@mmrace/scheduler";
import { Corpus } from "../corpus/corpus.ts";
import { InterleavingObserver } from "../coverage/interleaving.ts";
import { Novelty } from "../coverage/novelty.ts";
import { mutate } from "../mutators/mutators.ts";

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

/** Ordering constraints that PCT schedules aim at: most known races need two or three. */
const PCT_DEPTH = 3;

/** Strategies that make schedules without looking at what earlier ones showed. */
const samplers: Readonly<Record<Sampler, (options: SamplingOptions) => Strategy>> = {
  random,
  pct: (options) => pct({ ...options, depth: PCT_DEPTH }),
  pos,
  surw,
  "uniform-walk": uniformWalk,
};

type Sampler = "random" | "pct" | "pos" | "surw" | "uniform-walk";

/** How the next schedule is made. `coverage` mixes guided mutation with random and PCT schedules. */
export type FuzzStrategy = "coverage" | Sampler;

/** All of them, the default first. */
export const fuzzStrategies: readonly FuzzStrategy[] = ["coverage", ...(Object.keys(samplers) as Sampler[])];

/** Options of a campaign on one scenario. */
export interface FuzzerOptions {
  readonly randomSeed: number;
  readonly strategy: FuzzStrategy;
  readonly ablations: readonly Ablation[];
  readonly memory: MemoryModel;
  readonly stopOnFirst: boolean;
}

/** Schedules made from one picked seed. */
const MUTATIONS_PER_SEED = 16;

/** One campaign on one scenario. */
export class Fuzzer<W> {
  readonly corpus: Corpus = new Corpus();
  readonly novelty: Novelty = new Novelty();
  /** Minimized findings, one per signature, in the order found. */
  readonly findings: Map<string, Violation> = new Map();
  /** Called when a schedule enters the corpus. */
  onSeed: (schedule: Uint8Array) => void = () => {};
  executions = 0;
  steps = 0;
  readonly #scenario: Scenario<W>;
  readonly #options: FuzzerOptions;
  readonly #observer = new InterleavingObserver();
  readonly #engine: Engine<W>;
  readonly #prng: Prng;
  readonly #random: Strategy;
  readonly #pct: Strategy;
  /** The only strategy, where `coverage` is not wanted. */
  readonly #sampler: Strategy | undefined;
  /** Properties reached and sites matched by workers. */
  readonly #seenElsewhere = new Set<string>();
  #picked: Uint8Array = new Uint8Array(0);
  #mutationsLeft = 0;
  #knownFingerprint: number | undefined;

  constructor(scenario: Scenario<W>, options: FuzzerOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#engine = new Engine(scenario, options, [this.#observer]);
    this.#prng = new Prng(options.randomSeed);
    const sampling = { randomSeed: options.randomSeed, executionsMax: Number.MAX_SAFE_INTEGER };
    this.#random = samplers.random(sampling);
    this.#pct = samplers.pct(sampling);
    this.#sampler = options.strategy === "coverage" ? undefined : samplers[options.strategy](sampling);
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
    for (let left = executions; left > 0 && !this.isDone; left--) this.evaluate(this.#nextStrategy());
  }

  /** Runs a schedule from outside, such as a corpus file. */
  replay(schedule: Uint8Array): void {
    this.evaluate(replaySchedule(schedule));
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
   */
  evaluate(strategy: Strategy): void {
    strategy.beginExecution();
    const { learned } = this.#engine;
    const ending = this.#engine.run(strategy);
    this.executions++;
    this.steps += this.#engine.sites.length;
    if ("oracle" in ending) this.#file(ending);
    if (this.#engine.asides.length > 0) this.#fileAsides();
    const isNew = this.novelty.isNew(this.#observer);
    if (!isNew && this.#engine.learned === learned) return;
    const schedule = encodeSchedule(this.#engine.choices, this.#engine.values);
    if (isNew) this.corpus.add({ schedule, slots: [...this.#observer.touched] });
    this.onSeed(schedule);
  }

  #nextStrategy(): Strategy {
    if (this.#sampler !== undefined) return this.#sampler;
    const arm = this.#prng.below(4);
    if (this.corpus.seeds.length === 0 || arm === 0) return this.#random;
    return arm === 1 ? this.#pct : replaySchedule(this.#mutation());
  }

  #mutation(): Uint8Array {
    if (this.#mutationsLeft-- <= 0) {
      this.#picked = this.corpus.rare(this.#prng, this.novelty).schedule;
      this.#mutationsLeft = MUTATIONS_PER_SEED - 1;
    }
    return mutate(this.#picked, {
      prng: this.#prng,
      corpus: this.corpus,
      threadCount: this.#engine.threads.length,
    });
  }

  /** Triage: confirm by replay while minimizing, keep one per signature. */
  #file(ending: BadEnding): void {
    const signature = signatureOf(ending, this.#engine);
    if (this.findings.has(signature)) return;
    const found = findingOf(this.#engine, ending, this.#fingerprint());
    this.findings.set(signature, minimize(this.#scenario, found, this.#options).violation);
  }

  /** Findings that this execution showed only beside others; their tokens say what those were. */
  #fileAsides(): void {
    for (const finding of asideFindings(this.#engine, this.#fingerprint())) {
      if (!this.findings.has(finding.signature)) this.findings.set(finding.signature, finding);
    }
  }

  #fingerprint(): number {
    return (this.#knownFingerprint ??= modelFingerprint(this.#scenario));
  }
}
