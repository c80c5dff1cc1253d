/** Finds out which programs are worth keeping: those that show something that none before them has shown. */

import type { Kernel } from "@mmrace/mm";
import { programScenario, type Program } from "@mmrace/mm/programs";
import { parted, type DistillSettings } from "../corpus/distiller.ts";
import { Fuzzer } from "../engine/fuzzer.ts";
import type { ProgramFile } from "./program-folder.ts";
import { ProgramFeatures, slotsOf } from "./program-features.ts";

/** Executions by which a program is judged. */
const EXECUTIONS = 100;

/** Runs programs one after the other; all that they have shown counts as seen. */
export class ProgramDistiller {
  readonly #kernel: Kernel;
  readonly #settings: DistillSettings;
  readonly #seen = new ProgramFeatures();

  constructor(kernel: Kernel, settings: DistillSettings) {
    this.#kernel = kernel;
    this.#settings = settings;
  }

  /** Runs a program. @returns whether it showed something new. */
  offer(program: Program): boolean {
    const fuzzer = new Fuzzer(programScenario(program, this.#kernel), {
      ...this.#settings,
      // The same for all, so that one program always shows the same.
      randomSeed: 1,
      strategy: "coverage",
      stopOnFirst: false,
      // Findings are a campaign's affair.
      minimizes: false,
    });
    fuzzer.run(EXECUTIONS);
    return this.#seen.add(slotsOf(fuzzer.corpus.seeds)) > 0;
  }

  /**
   * Parts a folder: those that stay show all that the whole folder shows in so many executions each. Somebody's own stay
   * whatever they show; of the others those that come first are asked first.
   */
  part(files: readonly ProgramFile[]): {
    readonly kept: readonly ProgramFile[];
    readonly superseded: readonly ProgramFile[];
  } {
    return parted(files, ({ program }) => this.offer(program));
  }
}
