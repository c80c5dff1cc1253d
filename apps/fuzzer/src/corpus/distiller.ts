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
    const shortFirst = (a: CorpusFile, b: CorpusFile): number => a.schedule.length - b.schedule.length;
    return parted(files, ({ schedule }) => this.offer(schedule), shortFirst);
  }
}

/** Somebody's own stay whatever they show; then the others are asked in their order whether they show anything new. */
export function parted<File extends { readonly isOwn: boolean }>(
  files: readonly File[],
  showsNew: (file: File) => boolean,
  order: (a: File, b: File) => number = () => 0,
): { readonly kept: readonly File[]; readonly superseded: readonly File[] } {
  const own = files.filter(({ isOwn }) => isOwn);
  for (const file of own) showsNew(file);
  const others = files.filter(({ isOwn }) => !isOwn).toSorted(order);
  const news = new Set(others.filter((file) => showsNew(file)));
  return {
    kept: [...own, ...news],
    superseded: others.filter((file) => !news.has(file)),
  };
}
