/** Lockdep's reports: what the kernel's say, in our words. First a sentence, then who holds what, where, and the chain. */

import type { Contradiction } from "./contradictions.ts";
import { isSeenNow, type Fact, type FactBook, type Order, type Usage } from "./facts.ts";
import type { ThreadState } from "./thread-state.ts";

/** A sentence, and the lines below it. */
export interface Report {
  readonly message: string;
  readonly details: readonly string[];
}

/** `only holds:` and a line per lock, newest first; nothing when it holds none. */
export function heldLines({ thread, held }: ThreadState): readonly string[] {
  if (held.length === 0) return [`${thread.name} holds no lock.`];
  const lines = held.toReversed().map(({ lock, acquisition, site }, at) => {
    const subclass = acquisition.subclass === 0 ? "" : ` (subclass ${acquisition.subclass})`;
    const mode = acquisition.mode === "exclusive" ? "" : `, for reading`;
    return `  #${held.length - 1 - at} ${lock.name}${subclass}${mode}, since ${site?.address ?? "the start"}`;
  });
  return [`${thread.name} holds:`, ...lines];
}

/** A contradiction that a thread has completed. */
export function contradictionReport(
  book: FactBook,
  state: ThreadState,
  { kind, facts }: Contradiction,
): Report {
  const chain = ["What is known:", ...facts.map((fact) => `  ${factLine(book, fact)}`)];
  const { name } = state.thread;
  const orders = facts.filter((fact) => fact.kind === "order");
  const usages = facts.filter((fact) => fact.kind === "usage");
  const details = [...heldLines(state), ...chain];
  switch (kind) {
    case "circular": {
      const [{ from, to }] = orders as [Order];
      const message = `${name} takes ${book.nameOf(to)} after ${book.nameOf(from)}; elsewhere the order is the other way round`;
      return { message, details: [...details, ...circleLines(book, orders)] };
    }
    case "inconsistent usage": {
      const lock = book.nameOf(usages[0]!.of);
      const message = `${lock} is taken in an interrupt handler, and elsewhere with interrupts on`;
      return { message, details: [...details, ...interruptedLines(lock, lock)] };
    }
    case "handler behind interruptible": {
      const [inHandler, interruptible] = usages.toSorted(
        (a, b) => Number(b.isInHandler) - Number(a.isInHandler),
      ) as [Usage, Usage];
      const safe = book.nameOf(inHandler.of);
      const unsafe = book.nameOf(interruptible.of);
      const message = `${unsafe} is taken with interrupts on, and elsewhere after ${safe}, which an interrupt handler takes`;
      return { message, details: [...details, ...interruptedLines(safe, unsafe)] };
    }
  }
}

function factLine(book: FactBook, fact: Fact): string {
  const { witness } = fact;
  const where = isSeenNow(fact) ? "" : ", in another execution";
  const who =
    witness === undefined
      ? "as told by the token"
      : `${witness.thread} at ${witness.at?.address ?? "the start"}`;
  if (fact.kind === "usage") {
    const how = fact.isInHandler ? "in an interrupt handler" : "with interrupts on";
    return `${book.nameOf(fact.of)} taken ${how}: ${who}${where}`;
  }
  const since =
    witness?.since === undefined ? "" : `, holding ${book.nameOf(fact.from)} since ${witness.since.address}`;
  return `${book.nameOf(fact.from)} -> ${book.nameOf(fact.to)}: ${who}${since}${where}`;
}

/** One CPU per order: each holds the earlier lock and waits for the later one. */
function circleLines(book: FactBook, orders: readonly Order[]): readonly string[] {
  const lines = orders.map(
    ({ from, to }, cpu) => `  CPU${cpu} holds ${book.nameOf(from)} and waits for ${book.nameOf(to)}`,
  );
  return ["A deadlock this allows:", ...lines];
}

function interruptedLines(safe: string, unsafe: string): readonly string[] {
  const other = safe === unsafe ? [] : [`  CPU1 holds ${safe} and waits for ${unsafe}`];
  return [
    "A deadlock this allows:",
    `  CPU0 holds ${unsafe} with interrupts on`,
    ...other,
    `  CPU0 is interrupted, and the handler waits for ${safe}`,
  ];
}
