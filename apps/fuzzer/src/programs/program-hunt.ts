/**
 * Campaigns over programs that nobody wrote: each is generated, or made from those that have shown something new, and gets a
 * share of the executions. One seeded generator decides all, so the same settings hunt the same programs.
 */

import type { Kernel, World } from "@mmrace/mm";
import {
  generateProgram,
  mutateProgram,
  programName,
  programScenario,
  spliceProgram,
  type Program,
} from "@mmrace/mm/programs";
import { Prng, type Scenario } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { runCampaign } from "../engine/campaign.ts";
import type { Fuzzer } from "../engine/fuzzer.ts";
import { onInterrupt } from "../engine/interrupts.ts";
import type { FuzzJob } from "../engine/job.ts";
import { saveFinding } from "../report/finding-directory.ts";
import type { ScenarioReport } from "../report/scenario-report.ts";
import { warn } from "../report/warn.ts";
import { ProgramCoverage } from "./program-coverage.ts";
import { shrinkFinding, type Shrunk } from "./shrink.ts";

/** Executions that a program gets at least. */
const SHARE_LEAST = 50;
/** Schedules of a campaign by which its program is judged. */
const JUDGED = 16;

/** What a hunt came to. */
export interface HuntResult {
  /** One for each program with a finding, and one for all others together. */
  readonly reports: readonly ScenarioReport[];
  /** The programs of the findings, made small, by the names of their scenarios. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Programs that were run, and that were kept for what they showed. */
  readonly tried: number;
  readonly kept: number;
}

/** Generated programs of one command. */
export class ProgramHunt {
  readonly #job: FuzzJob;
  readonly #count: number;
  readonly #kernel: Kernel;
  readonly #prng: Prng;
  readonly #coverage = new ProgramCoverage();
  readonly #kept: Program[] = [];
  readonly #tried = new Set<string>();
  readonly #findings = new Map<string, Shrunk>();
  #executions = 0;
  #steps = 0;
  #corpus = 0;
  #isInterrupted = false;

  constructor(job: FuzzJob, count: number, kernel: Kernel) {
    this.#job = job;
    this.#count = count;
    this.#kernel = kernel;
    this.#prng = new Prng(job.options.seed);
  }

  async run(): Promise<HuntResult> {
    const forget = onInterrupt(() => (this.#isInterrupted = true));
    try {
      for (let at = 0; at < this.#count && !this.#isOver(); at++) await this.#hunt(this.#next(), at);
    } finally {
      forget();
    }
    return this.#result();
  }

  #isOver(): boolean {
    const { options, deadlineMs } = this.#job;
    const isFound = options.stopOnFirst === true && this.#findings.size > 0;
    return isFound || this.#isInterrupted || nowMs() >= deadlineMs;
  }

  /** A new program every other time, else one made from those that were worth keeping. */
  #next(): Program {
    const prng = this.#prng;
    for (;;) {
      const program = this.#kept.length === 0 || prng.below(2) === 0 ? generateProgram(prng) : this.#remade();
      const name = programName(program);
      if (this.#tried.has(name)) continue;
      this.#tried.add(name);
      return program;
    }
  }

  #remade(): Program {
    const prng = this.#prng;
    const pick = (): Program => this.#kept[prng.below(this.#kept.length)]!;
    const spliced = prng.below(4) === 0 ? spliceProgram(prng, pick(), pick()) : pick();
    return mutateProgram(prng, spliced);
  }

  async #hunt(program: Program, at: number): Promise<void> {
    const { options, ablations, changes, deadlineMs } = this.#job;
    const scenario = programScenario(program, this.#kernel);
    const fuzzer = await runCampaign(scenario, {
      randomSeed: options.seed + at,
      strategy: options.strategy,
      ablations,
      changes,
      memory: options.memory,
      stopOnFirst: options.stopOnFirst === true,
      executionsMax: Math.max(SHARE_LEAST, Math.ceil(options.executions / this.#count)),
      workers: 1,
      deadlineMs,
      seeds: [],
      before: undefined,
      onSeed: () => {},
      others: undefined,
      pauseAt: () => Infinity,
      onProgress: () => {},
      isInterrupted: () => this.#isInterrupted,
    });
    this.#executions += fuzzer.executions;
    this.#steps += fuzzer.steps;
    this.#judge(program, scenario, fuzzer);
  }

  #judge(program: Program, scenario: Scenario<World>, fuzzer: Fuzzer<World>): void {
    const { ablations, options } = this.#job;
    const settings = { ablations, memory: options.memory };
    const schedules = fuzzer.corpus.seeds.slice(0, JUDGED).map(({ schedule }) => schedule);
    this.#corpus += fuzzer.corpus.seeds.length;
    if (this.#coverage.learn(scenario, schedules, settings)) this.#kept.push(program);
    for (const violation of fuzzer.findings.values()) {
      if (this.#findings.has(violation.signature)) continue;
      warn(`${scenario.name}: ${violation.oracle}; making its program small.`);
      const shrunk = shrinkFinding(program, this.#kernel, violation, settings);
      this.#findings.set(violation.signature, shrunk);
      saveFinding(options.out, shrunk.scenario, shrunk.violation);
    }
  }

  #result(): HuntResult {
    const shrunk = [...this.#findings.values()];
    const programs = new Map(shrunk.map(({ program, scenario }) => [scenario.name, program]));
    const common = { unreached: [], unmatched: [], isInterrupted: this.#isInterrupted, isSaved: false };
    const reports = shrunk.map(({ scenario, violation }) => ({
      ...common,
      scenario,
      executions: 0,
      steps: 0,
      corpus: 0,
      edges: {},
      violations: [violation],
    }));
    const last = shrunk.at(-1)?.scenario;
    const rest: ScenarioReport = {
      ...common,
      scenario: {
        ...(last ?? EMPTY),
        name: `${this.#tried.size} generated programs`,
        variant: this.#kernel.id,
      },
      executions: this.#executions,
      steps: this.#steps,
      corpus: this.#corpus,
      edges: { "program-coverage": this.#coverage.size },
      violations: [],
    };
    return { reports: [...reports, rest], programs, tried: this.#tried.size, kept: this.#kept.length };
  }
}

/** Stands for the programs of a hunt together; nobody runs it. */
const EMPTY: Scenario<World> = {
  name: "",
  setup: () => {
    throw new Error("these are many programs");
  },
  threads: {},
  properties: [],
};
