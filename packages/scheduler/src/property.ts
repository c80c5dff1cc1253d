/** Properties: what must hold in every state, in no state, in some execution, or at the end of each. */

/** One statement about the world of a scenario. */
export interface Property<W> {
  readonly kind: "always" | "never" | "sometimes" | "atEnd";
  /** A sentence that says what must hold; it stands in reports. */
  readonly name: string;
  /** The oracle it belongs to; its own name when it belongs to none. */
  readonly oracle: string;
  readonly predicate: (world: W) => boolean;
}

/** Must hold before the first step and after every step. */
export function always<W>(name: string, predicate: (world: W) => boolean): Property<W> {
  return { kind: "always", name, oracle: name, predicate };
}

/** Must hold in no state. */
export function never<W>(name: string, predicate: (world: W) => boolean): Property<W> {
  return { kind: "never", name, oracle: name, predicate };
}

/** Must be seen in at least one state of the exploration: it proves that the scenario gets where it is about. */
export function sometimes<W>(name: string, predicate: (world: W) => boolean): Property<W> {
  return { kind: "sometimes", name, oracle: name, predicate };
}

/** Must hold when all threads have finished and no internal actor has anything left to do. */
export function atEnd<W>(name: string, predicate: (world: W) => boolean): Property<W> {
  return { kind: "atEnd", name, oracle: name, predicate };
}

/** Bundles properties under the name of the bug class they look for. */
export function oracle<W>(name: string, properties: readonly Property<W>[]): readonly Property<W>[] {
  return properties.map((property) => ({ ...property, oracle: name }));
}
