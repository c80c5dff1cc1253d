/** Evaluates the properties of a scenario, and remembers which `sometimes` ones were seen. */

import type { Property } from "./property.ts";

/** The properties of one exploration. */
export class PropertyChecker<W> {
  readonly #stepwise: readonly Property<W>[];
  readonly #atEnd: readonly Property<W>[];
  #unreached: readonly Property<W>[];

  constructor(properties: readonly Property<W>[]) {
    this.#stepwise = properties.filter(({ kind }) => kind === "always" || kind === "never");
    this.#atEnd = properties.filter(({ kind }) => kind === "atEnd");
    this.#unreached = properties.filter(({ kind }) => kind === "sometimes");
  }

  /** Names of the `sometimes` properties that no state so far has shown. */
  get unreached(): readonly string[] {
    return this.#unreached.map(({ name }) => name);
  }

  get unreachedCount(): number {
    return this.#unreached.length;
  }

  /** The first property that the state after a step breaks. */
  checkStep(world: W): Property<W> | undefined {
    if (this.#unreached.length > 0 && this.#unreached.some(({ predicate }) => predicate(world))) {
      this.#unreached = this.#unreached.filter(({ predicate }) => !predicate(world));
    }
    for (const property of this.#stepwise) {
      if (property.predicate(world) !== (property.kind === "always")) return property;
    }
    return undefined;
  }

  /** The first property that the end of an execution breaks. */
  checkEnd(world: W): Property<W> | undefined {
    return this.#atEnd.find(({ predicate }) => !predicate(world));
  }
}
