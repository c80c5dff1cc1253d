/**
 * What lockdep knows about lock classes: which are taken while others are held, and which in interrupt handlers. Facts
 * outlive executions: one exploration has one book of them, as the kernel has one graph from boot on.
 */

import { activeEngine, objectClass, UsageError, type ObjectClass, type Site } from "@mmrace/scheduler";
import { SUBCLASSES_MAX } from "./acquisition.ts";

/** Where a fact was first seen. */
export interface Witness {
  readonly thread: string;
  /** Where the lock was taken; of an order, the later lock. */
  readonly at: Site | undefined;
  /** Of an order: where the earlier lock was taken. */
  readonly since?: Site | undefined;
}

/** Something that lockdep has seen. */
interface Seen {
  /** Who showed it first; nobody when it came with a token. */
  readonly witness: Witness | undefined;
  /** The first execution that showed it, and the last one. */
  readonly firstSeenIn: number;
  seenIn: number;
}

/** Lock `from` was held when lock `to` was waited for. */
export interface Order extends Seen {
  readonly kind: "order";
  readonly from: number;
  readonly to: number;
  /** `from` was held by a reader. */
  readonly isFromShared: boolean;
  /** `to` was taken as a recursive reader, who waits for writers that hold it and for nobody who waits. */
  readonly isToRecursive: boolean;
}

/** A class was taken in an interrupt handler, or while interrupts were on. */
export interface Usage extends Seen {
  readonly kind: "usage";
  readonly of: number;
  readonly isInHandler: boolean;
  readonly isReader: boolean;
}

export type Fact = Order | Usage;

/** Facts that came with a token belong to every execution. */
const EVERY_RUN = -1;

/** All facts of one exploration. Classes and subclasses are numbers here, equal in one process only. */
export class FactBook {
  /** By `from`, `to`, and the two flags as bits. */
  readonly #orders: (Order | undefined)[][][] = [];
  /** By class, and the two flags as bits. */
  readonly #usages: (Usage | undefined)[][] = [];
  readonly #names: string[] = [];
  /** Set once facts have contradicted each other: then every execution is looked at by itself too. */
  isTangled = false;

  /** @throws {UsageError} when a given text is none that `textOf` writes. */
  constructor(given: readonly string[]) {
    for (const text of given) this.#read(text);
    this.isTangled = given.length > 0;
  }

  /** The number of a class and subclass. */
  keyOf(lockClass: ObjectClass, subclass: number): number {
    const key = lockClass.id * SUBCLASSES_MAX + subclass;
    this.#names[key] ??= subclass === 0 ? lockClass.name : `${lockClass.name}/${subclass}`;
    return key;
  }

  /** `pte_lock`, or `pte_lock/1` for a subclass. */
  nameOf(key: number): string {
    return this.#names[key]!;
  }

  /** Every class that was used, in the order of their numbers. */
  get keys(): readonly number[] {
    return this.#names.flatMap((name, key) => (name === undefined ? [] : [key]));
  }

  /** Every order that begins with a class. */
  ordersFrom(key: number): readonly Order[] {
    return (this.#orders[key] ?? []).flatMap((row) => (row ?? []).filter((order) => order !== undefined));
  }

  /** Every use of a class. */
  usagesOf(key: number): readonly Usage[] {
    return (this.#usages[key] ?? []).filter((usage) => usage !== undefined);
  }

  /** What the running execution has shown, as text. */
  get seenNow(): readonly string[] {
    return this.keys
      .flatMap((key): readonly Fact[] => [...this.ordersFrom(key), ...this.usagesOf(key)])
      .filter(isSeenNow)
      .map((fact) => this.textOf(fact));
  }

  /** Notes an order. @returns it, when this execution has not shown it before. */
  noteOrder(
    from: number,
    to: number,
    isFromShared: boolean,
    isToRecursive: boolean,
    witness?: () => Witness,
  ): Order | undefined {
    const row = ((this.#orders[from] ??= [])[to] ??= []);
    const slot = (isFromShared ? 1 : 0) + (isToRecursive ? 2 : 0);
    const known = row[slot];
    if (known !== undefined) return seenAgain(known);
    const seen = seenBy(witness);
    return (row[slot] = { kind: "order", from, to, isFromShared, isToRecursive, ...seen });
  }

  /** Notes a use. @returns it, when this execution has not shown it before. */
  noteUsage(of: number, isInHandler: boolean, isReader: boolean, witness?: () => Witness): Usage | undefined {
    const row = (this.#usages[of] ??= []);
    const slot = (isInHandler ? 1 : 0) + (isReader ? 2 : 0);
    const known = row[slot];
    if (known !== undefined) return seenAgain(known);
    const seen = seenBy(witness);
    return (row[slot] = { kind: "usage", of, isInHandler, isReader, ...seen });
  }

  /** The form in which a fact travels in tokens. */
  textOf(fact: Fact): string {
    if (fact.kind === "usage") {
      const where = fact.isInHandler ? "in a handler" : "interrupts on";
      return `lockdep ${where}: ${this.nameOf(fact.of)} ${fact.isReader ? "S" : "E"}`;
    }
    const { from, to, isFromShared, isToRecursive } = fact;
    return `lockdep order: ${this.nameOf(from)} ${isFromShared ? "S" : "E"} > ${this.nameOf(to)} ${isToRecursive ? "R" : "N"}`;
  }

  #read(text: string): void {
    const order = /^lockdep order: (.+) ([SE]) > (.+) ([NR])$/.exec(text);
    const usage = /^lockdep (in a handler|interrupts on): (.+) ([SE])$/.exec(text);
    if (order !== null) {
      this.noteOrder(
        this.#keyOfName(order[1]!),
        this.#keyOfName(order[3]!),
        order[2] === "S",
        order[4] === "R",
      );
    } else if (usage !== null) {
      this.noteUsage(this.#keyOfName(usage[2]!), usage[1] === "in a handler", usage[3] === "S");
    } else throw new UsageError(`"${text}" is no fact that lockdep knows.`);
  }

  #keyOfName(name: string): number {
    const [, lockClass, subclass = "0"] = /^(.*?)(?:\/([0-7]))?$/.exec(name)!;
    return this.keyOf(objectClass(lockClass!), Number(subclass));
  }
}

/** Whether the running execution has shown a fact, or was given it. */
export function isSeenNow({ seenIn }: Fact): boolean {
  return seenIn === EVERY_RUN || seenIn === activeEngine().runs;
}

function seenBy(witness: (() => Witness) | undefined): Seen {
  if (witness === undefined) return { witness, firstSeenIn: EVERY_RUN, seenIn: EVERY_RUN };
  const engine = activeEngine();
  engine.learned++;
  return { witness: witness(), firstSeenIn: engine.runs, seenIn: engine.runs };
}

function seenAgain<F extends Fact>(fact: F): F | undefined {
  if (isSeenNow(fact)) return undefined;
  fact.seenIn = activeEngine().runs;
  return fact;
}
