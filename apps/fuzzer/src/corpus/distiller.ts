/** Finds out which schedules are worth keeping: those that show something that none before them has shown. */

import type { World } from "@mmrace/mm";
import type { Ablation, MemoryModel, Scenario } from "@mmrace/scheduler";
import { Fuzzer } from "../engine/fuzzer.ts";
import type { CorpusFile } from "./on-disk.ts";

/** What schedules are run under. */
export interface DistillSettings {
  readonly ablations: readonly Ablation[];
  readonly memory: MemoryModel;
}

/** Runs schedules one after the other; all that it has run count as seen. */
export class Distiller {
  readonly #fuzzer: Fuzzer<World>;
  #isNew = false;

  constructor(scenario: Scenario<World>, settings: DistillSettings) {
    this.#fuzzer = new Fuzzer(scenario, {
      ...settings,
      randomSeed: 1,
      strategy: "coverage",
      stopOnFirst: false,
      // Findings are a campaign's affair.
      minimizes: false,
    });
    // Not only edges count: the model may learn a lock order, from which a finding may come.
    this.#fuzzer.onSeed = () => {
      this.#isNew = true;
    };
  }

  /** Runs a schedule. @returns whether it showed something new. */
  offer(schedule: Uint8Array): boolean {
    this.#isNew = false;
    this.#fuzzer.replay(schedule);
    return this.#isNew;
  }

  /**
   * Parts a corpus: together those that are kept show all that the corpus shows. Short ones come first, so that a long one
   * is kept only for what it alone shows. Somebody's own seeds are kept whatever they show.
   */
  part(files: readonly CorpusFile[]): {
    readonly kept: readonly CorpusFile[];
    readonly superseded: readonly CorpusFile[];
  } {
    const kept: CorpusFile[] = [];
    const superseded: CorpusFile[] = [];
    const own = files.filter(({ isOwn }) => isOwn);
    const others = files.filter(({ isOwn }) => !isOwn);
    for (const file of own) {
      this.offer(file.schedule);
      kept.push(file);
    }
    for (const file of others.toSorted((a, b) => a.schedule.length - b.schedule.length))
      (this.offer(file.schedule) ? kept : superseded).push(file);
    return { kept, superseded };
  }
}
