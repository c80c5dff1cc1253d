/**
 * The form in which both sides are compared: one line per lock event or write, with classes under the kernel's names and
 * locks of one class numbered in the order in which the operation first takes them.
 */

import { UsageError } from "@mmrace/scheduler";
import type { KernelEvent } from "./format.ts";
import { EVENTS_COMPARED, EVENTS_LEFT_OUT, LOCK_CLASSES, LOCKS_LEFT_OUT, RCU_LEFT_OUT } from "./mapping.ts";

/** Numbers locks of a class in the order of their first appearance. */
export class LockNames {
  readonly #numbers = new Map<string, Map<unknown, number>>();

  /** `ptl_pte#2`; RCU has no instances. */
  nameOf(lockClass: string, instance: unknown): string {
    if (lockClass === "rcu") return "rcu";
    let numbers = this.#numbers.get(lockClass);
    if (numbers === undefined) this.#numbers.set(lockClass, (numbers = new Map()));
    let number = numbers.get(instance);
    if (number === undefined) numbers.set(instance, (number = numbers.size + 1));
    return `${lockClass}#${number}`;
  }
}

/** `:r` for readers, `:w` for writers of what has readers, nothing for plain locks. */
export type ModeText = ":r" | ":w" | "";

/** `+try mmap_lock#1:r`. */
export function acquireLine(name: string, mode: ModeText, isTry: boolean): string {
  return `+${isTry ? "try " : ""}${name}${mode}`;
}

/** `-mmap_lock#1`. */
export function releaseLine(name: string): string {
  return `-${name}`;
}

/** `set_pte under mmap_lock#1:r ptl_pte#1`. */
export function writeLine(what: string, held: readonly string[]): string {
  return `${what} under ${held.length === 0 ? "nothing" : held.toSorted().join(" ")}`;
}

const MODES: Readonly<Record<string, ModeText>> = { read: ":r", write: ":w", excl: "" };

/** A real kernel's events as lines. @throws {UsageError} on a lock class or event that the mapping does not know. */
export function linesOfKernel(events: readonly KernelEvent[]): readonly string[] {
  const lines = new KernelLines();
  return events.flatMap((event) => lines.of(event));
}

class KernelLines {
  readonly #names = new LockNames();
  /** The RCU sections that are open, outermost first: whether each is compared. */
  readonly #rcu: boolean[] = [];

  of(event: KernelEvent): readonly string[] {
    const { e, lock } = event;
    if (e === "acquire" || e === "release") return this.#lockLines(event, lock ?? "");
    if (e in EVENTS_LEFT_OUT) return [];
    if (!EVENTS_COMPARED.has(e))
      throw new UsageError(`The trace has an event "${e}", which the mapping does not know.`);
    const held = this.#heldNames(event.held ?? []);
    return Array.from({ length: event.n ?? 1 }, () => writeLine(e, held));
  }

  #lockLines(event: KernelEvent, lock: string): readonly string[] {
    if (lock in LOCKS_LEFT_OUT) return [];
    if (!(lock in LOCK_CLASSES))
      throw new UsageError(`The trace has a lock "${lock}", which the mapping does not know.`);
    const isRelease = event.e === "release";
    if (lock === "rcu" && !this.#isRcuCompared(event, isRelease)) return [];
    const name = this.#names.nameOf(lock, event.id);
    if (isRelease) return [releaseLine(name)];
    return [acquireLine(name, MODES[event.mode ?? "excl"] ?? "", event.try !== undefined)];
  }

  /** RCU sections have no names; they nest. */
  #isRcuCompared({ at = "" }: KernelEvent, isRelease: boolean): boolean {
    if (isRelease) return this.#rcu.pop() ?? true;
    const isCompared = !(at.replace(/\+.*$/, "") in RCU_LEFT_OUT);
    this.#rcu.push(isCompared);
    return isCompared;
  }

  /** As here, `mmap_lock#1:r` is called, without what is left out. */
  #heldNames(held: readonly string[]): readonly string[] {
    let rcuLeftOut = this.#rcu.filter((isCompared) => !isCompared).length;
    return held.flatMap((text) => {
      const [, lock = "", id, mode = ""] = /^([^#:]+)(?:#(\d+))?(:[rw])?$/.exec(text) ?? [];
      if (lock in LOCKS_LEFT_OUT) return [];
      if (lock === "rcu" && rcuLeftOut-- > 0) return [];
      return [this.#names.nameOf(lock, id === undefined ? undefined : Number(id)) + mode];
    });
  }
}
