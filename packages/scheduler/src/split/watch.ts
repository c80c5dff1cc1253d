/** Notices executions after which an exploration knows more than before. */

import type { Engine } from "../engine.ts";
import { signatureOf } from "../finding.ts";
import type { Ending } from "../outcome.ts";

/**
 * Watches an engine. An execution that shows something new shows it as well when fewer executions have run before: so
 * whatever is new in the order of a whole search is new in its part, too.
 */
export class Watch<W> {
  readonly engine: Engine<W>;
  /** Findings, and that the step limit was reached. */
  readonly #endings = new Set<string>();
  #learned = 0;
  #matched = 0;
  #unreached: number;

  constructor(engine: Engine<W>) {
    this.engine = engine;
    this.#unreached = engine.properties.unreachedCount;
  }

  /**
   * Whether the execution that has just run has a new signature, reaches what a `sometimes` property waits for, comes to
   * a guard that an ablation removes, or taught the model something it remembers; for the first time.
   */
  hasLearned(ending: Ending): boolean {
    const { engine } = this;
    const endings = this.#endings.size;
    if (ending.kind === "stepLimit") this.#endings.add(ending.kind);
    if ("oracle" in ending) this.#endings.add(signatureOf(ending, engine));
    const hasLearned =
      this.#endings.size > endings ||
      engine.learned > this.#learned ||
      engine.ablations.matched.size > this.#matched ||
      engine.properties.unreachedCount < this.#unreached;
    this.#learned = engine.learned;
    this.#matched = engine.ablations.matched.size;
    this.#unreached = engine.properties.unreachedCount;
    return hasLearned;
  }
}
