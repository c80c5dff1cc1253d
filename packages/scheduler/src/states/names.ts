/**
 * Names for what an execution makes: the same in every execution in which its threads have gone the same way, whatever the
 * others did in between. Location numbers are not, since threads create objects in any order.
 */

import { UsageError } from "../assert.ts";
import { ModelThread } from "../thread.ts";
import { SharedObject } from "../shared-object.ts";

/** Who makes things before the first thread does. */
export const SETUP = -1;

/** Deeper values are taken for circular. */
const DEPTH_MAX = 30;

/** The names of one execution at a time. */
export class Names {
  /** Shared objects that have a state, by their names. */
  readonly stateful: Map<SharedObject, string> = new Map();
  readonly #names = new Map<object, string>();
  readonly #counts = new Map<string, number>();
  #newborn: { readonly object: SharedObject; readonly creator: number }[] = [];

  /** Forgets everything, for the next execution. */
  restart(): void {
    this.stateful.clear();
    this.#names.clear();
    this.#counts.clear();
    this.#newborn = [];
  }

  /** An object is being created; it gets its name when it can be asked for its state. */
  created(object: SharedObject, creator: number): void {
    this.#newborn.push({ object, creator });
  }

  /** Names the objects created since the last call. */
  christen(): void {
    if (this.#newborn.length === 0) return;
    for (const { object, creator } of this.#newborn) {
      const isStateful = object.stateValue() !== undefined;
      const name = this.#next(isStateful ? "o" : "n", creator);
      this.#names.set(object, name);
      if (isStateful) this.stateful.set(object, name);
    }
    this.#newborn = [];
  }

  /** How many objects with a state a thread has created. */
  createdBy(thread: number): number {
    return this.#counts.get(`o${thread}`) ?? 0;
  }

  /** Names the functions and other things without a value of their own that a thread brings into play. */
  introduce(value: unknown, thread: number): void {
    if (typeof value === "function" || (typeof value === "object" && value !== null)) {
      this.#render(value, thread, false, 0);
    }
  }

  /** Names the things without a value of their own that a world is made of, before threads bring them into play. */
  introduceWorld(world: unknown): void {
    const visited = new Set<object>();
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null || value instanceof SharedObject || visited.has(value))
        return;
      visited.add(value);
      const isPlain = Object.getPrototypeOf(value) === Object.prototype;
      if (!isPlain && !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Set))
        this.#thing(value, SETUP);
      for (const part of value instanceof Map || value instanceof Set ? value.values() : Object.values(value))
        visit(part);
    };
    visit(world);
  }

  /** The names of the shared objects, their lifetimes and the other things that a value is made of, each once. */
  within(value: unknown): readonly string[] {
    const found = new Set<string>();
    const visit = (part: unknown): void => {
      if (typeof part !== "object" || part === null) return;
      const name = this.#names.get(part);
      if (name !== undefined && found.has(name)) return;
      if (name !== undefined) found.add(name);
      if (part instanceof SharedObject) visit(part.lifetime);
      else
        for (const inner of part instanceof Map || part instanceof Set ? part.values() : Object.values(part))
          visit(inner);
    };
    visit(value);
    return [...found];
  }

  /** A value as text. Equal texts mean equal values. @throws {UsageError} on a thing that nobody has brought into play. */
  text(value: unknown): string {
    return this.#render(value, undefined, false, 0);
  }

  /** The same for comparing what a thread announces: closures, which are made anew each time, look all alike. */
  outline(value: unknown): string {
    return this.#render(value, undefined, true, 0);
  }

  #render(value: unknown, introducer: number | undefined, isOutline: boolean, depth: number): string {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "function") return isOutline ? "closure" : this.#thing(value, introducer);
    if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
    if (value instanceof ModelThread) return `t${value.id}`;
    if (value instanceof SharedObject) return isOutline ? this.#outlineOf(value) : this.#objectName(value);
    if (depth > DEPTH_MAX)
      throw new UsageError("A value of the model contains itself; states cannot hold it.");
    const inner = (part: unknown): string => this.#render(part, introducer, isOutline, depth + 1);
    if (Array.isArray(value)) return `[${value.map(inner).join()}]`;
    if (value instanceof Map || value instanceof Set) return `(${[...value].map(inner).join()})`;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return this.#thing(value, introducer);
    return `{${Object.entries(value)
      .map(([key, part]) => `${key}:${inner(part)}`)
      .join()}}`;
  }

  #outlineOf(object: SharedObject): string {
    return this.stateful.get(object) ?? `${object.class.name} ${object.name}`;
  }

  #objectName(object: SharedObject): string {
    const name = this.#names.get(object);
    if (name !== undefined) return name;
    throw new UsageError(
      `${object.name} was not created in this execution: create shared objects in setup or in a thread.`,
    );
  }

  #thing(thing: object, introducer: number | undefined): string {
    let name = this.#names.get(thing);
    if (name !== undefined) return name;
    if (introducer === undefined) {
      const what = typeof thing === "function" ? "a function" : `a ${thing.constructor.name}`;
      throw new UsageError(
        `The state of the model holds ${what} that no operation has brought there as its argument, so it has no name.`,
      );
    }
    name = this.#next("x", introducer);
    this.#names.set(thing, name);
    return name;
  }

  #next(sort: string, maker: number): string {
    const key = `${sort}${maker}`;
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return `${key}.${count}`;
  }
}
