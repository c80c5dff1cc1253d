/** What operations act on: memory cells, locks, anything two model threads can both reach. */

import { UsageError } from "./assert.ts";
import type { Lifetime } from "./lifetime.ts";

/** A location class such as `pmd` or `pte_lock`. Classes name sites; locations tell objects of one class apart. */
export interface ObjectClass {
  /** Dense number of the class in this process. Not stable: never store it. */
  readonly id: number;
  readonly name: string;
}

const classes = new Map<string, ObjectClass>();

/** The one class of a name. */
export function objectClass(name: string): ObjectClass {
  let found = classes.get(name);
  if (found === undefined) {
    found = { id: classes.size, name };
    classes.set(name, found);
  }
  return found;
}

let locationNext = 1;

/** Restarts the numbering of locations. The engine calls it before each `setup`, so equal runs get equal numbers. */
export function restartLocations(): void {
  locationNext = 1;
}

/** Who hears of new objects; a search over states, which must know them all. */
let onCreation: ((object: SharedObject) => void) | undefined;

/** Makes somebody hear of every object that is created from now on. @returns who heard of them before. */
export function watchCreation(watcher: typeof onCreation): typeof onCreation {
  const before = onCreation;
  onCreation = watcher;
  return before;
}

/** An object that model threads share. Its location number is part of the footprint of every operation on it. */
export abstract class SharedObject {
  readonly class: ObjectClass;
  /** Unique in one execution; 1, 2, ... in the order of creation. Equal beginnings of executions give equal numbers. */
  readonly location: number;
  /** What a trace calls the object. */
  readonly name: string;
  /** The memory this object lives in, when that memory can be freed. */
  readonly lifetime: Lifetime | undefined;

  /** @param location only for objects that are not made by the model; anything that no other object has. */
  constructor(className: string, name: string = className, lifetime?: Lifetime, location?: number) {
    this.class = objectClass(className);
    this.location = location ?? locationNext++;
    this.name = name;
    this.lifetime = lifetime;
    if (location === undefined) onCreation?.(this);
  }

  /**
   * All that operations can change in this object, as a value: primitives, shared objects, threads, arrays, maps, sets
   * and plain objects of such. Searches over states tell states apart by it. `undefined` when there is nothing to change.
   *
   * @throws {UsageError} unless the class says otherwise: what it does not know, such a search must not guess.
   */
  stateValue(): unknown {
    throw new UsageError(
      `${this.name} (class ${this.constructor.name}) does not say what its state is, so states cannot be told apart. ` +
        "Give the class a stateValue() method, or search by replay: dpor(), exhaustive().",
    );
  }
}
