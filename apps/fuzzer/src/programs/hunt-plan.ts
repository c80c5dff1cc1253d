/**
 * Which programs a hunt runs: those that it begins with, then new ones, every other one made from those that were kept. A
 * program depends on its number and on what came of those that lie some numbers before it, and on nothing else. So several can
 * be run at a time, and it does not matter who is done first.
 */

import { packProgram, programName, unpackProgram, type Program } from "@mmrace/mm/programs";
import { Prng } from "@mmrace/scheduler";
import { seedOfPart } from "../engine/random-seeds.ts";
import { drawProgram } from "./draw-program.ts";

/** A program that is worth changing. */
export interface KeptProgram {
  /** The number from which on it can be used is beyond this one by as much as programs may lie apart. */
  readonly at: number;
  /** Packed. */
  readonly program: string;
  /** Of the model that kept it. */
  readonly fingerprint: string;
}

/** A program that a hunt begins with. */
export interface SeedProgram {
  /** Packed. */
  readonly program: string;
  /** Another model has kept it: it stays if it shows something. */
  readonly isStale: boolean;
}

/** The next program. */
export interface Planned {
  readonly at: number;
  /** Packed. */
  readonly program: string;
  /** What the hunt began with; the others are new. */
  readonly seed?: SeedProgram | undefined;
}

/** Where a plan stands. */
export interface PlanState {
  /** Programs given out so far. */
  readonly given: number;
  /** New ones among them. */
  readonly drawn: number;
  /** Those that are still to be run again. */
  readonly seeds: readonly SeedProgram[];
  readonly kept: readonly KeptProgram[];
  /** Hashes of all programs so far. */
  readonly tried: readonly string[];
}

/** What a plan needs to know. */
export interface PlanSettings {
  readonly randomSeed: number;
  /** New programs. */
  readonly count: number;
  /** How many programs may be under way. */
  readonly window: number;
}

/** Makes programs. */
export class HuntPlan {
  readonly kept: KeptProgram[] = [];
  readonly #settings: PlanSettings;
  readonly #seeds: SeedProgram[] = [];
  readonly #tried = new Set<string>();
  #given = 0;
  #drawn = 0;

  constructor(settings: PlanSettings, before?: PlanState) {
    this.#settings = settings;
    if (before === undefined) return;
    this.kept.push(...before.kept);
    this.#seeds.push(...before.seeds);
    this.#given = before.given;
    this.#drawn = before.drawn;
    for (const name of before.tried) this.#tried.add(name);
  }

  /** How many programs may be under way. */
  get window(): number {
    return this.#settings.window;
  }

  /** Where it stands. */
  get state(): PlanState {
    const { kept } = this;
    return {
      given: this.#given,
      drawn: this.#drawn,
      seeds: [...this.#seeds],
      kept: [...kept],
      tried: [...this.#tried],
    };
  }

  /** How many programs there will have been in the end. */
  get total(): number {
    return this.#given + this.#seeds.length + this.#settings.count - this.#drawn;
  }

  /** Whether all have been given out. */
  get isEmpty(): boolean {
    return this.#seeds.length === 0 && this.#drawn >= this.#settings.count;
  }

  /** Programs to run before new ones. */
  begin(seeds: readonly SeedProgram[]): void {
    this.#seeds.push(...seeds);
  }

  /**
   * The next program.
   *
   * @param merged how many have been done and counted, in their order.
   * @returns nothing when there is none, or when what has been counted does not suffice.
   */
  next(merged: number): Planned | undefined {
    const at = this.#given;
    if (this.isEmpty || at - merged >= this.#settings.window) return undefined;
    this.#given++;
    const seed = this.#seeds.shift();
    if (seed === undefined) return { at, program: this.#draw(at) };
    this.#tried.add(nameOf(unpackProgram(seed.program)));
    return { at, program: seed.program, seed };
  }

  #draw(at: number): string {
    const { randomSeed, window } = this.#settings;
    const prng = new Prng(seedOfPart(randomSeed, this.#drawn++));
    const known = this.kept.filter((one) => one.at <= at - window);
    for (;;) {
      const program = drawProgram(prng, known, (one) => unpackProgram(one.program));
      const name = nameOf(program);
      if (this.#tried.has(name)) continue;
      this.#tried.add(name);
      return packProgram(program);
    }
  }
}

/** The hash in its name: of equal programs the same. */
function nameOf(program: Program): string {
  return programName(program).replace("program-", "");
}
