/**
 * Contradictions among facts: sets of them that allow a deadlock. Rules: Documentation/locking/lockdep-design.rst, Linux
 * v6.12, sections "Single-lock state rules", "Multi-lock dependency rules" and "Recursive read locks".
 */

import type { Fact, FactBook, Order, Usage } from "./facts.ts";

/** Facts that cannot all be true of a correct program. */
export interface Contradiction {
  readonly kind: "circular" | "inconsistent usage" | "handler behind interruptible";
  /** `circular`: orders that lead from a lock back to it. Otherwise usages, with the orders between them. */
  readonly facts: readonly Fact[];
}

/** Which facts may be put together. */
export type Among = (fact: Fact) => boolean;

/** A contradiction that a fact is part of; `undefined` when there is none among the facts admitted. */
export function contradictionOf(book: FactBook, fact: Fact, among: Among): Contradiction | undefined {
  if (fact.kind === "usage") return inconsistentUsage(book, fact, among) ?? handlerBehind(book, fact, among);
  return circle(book, fact, among) ?? handlerBehind(book, fact, among);
}

/** Orders that lead from `order.to` back to `order.from`. */
function circle(book: FactBook, order: Order, among: Among): Contradiction | undefined {
  const back = path(book, order, (last) => last.to === order.from && follows(last, order), among);
  return back === undefined ? undefined : { kind: "circular", facts: [order, ...back] };
}

/**
 * The shortest chain of orders that goes on from `start` until `isEnd`. Only strong chains count: who waits as a
 * recursive reader does not wait for readers.
 */
function path(
  book: FactBook,
  start: Order,
  isEnd: (last: Order) => boolean,
  among: Among,
): readonly Order[] | undefined {
  const chains: (readonly Order[])[] = [[]];
  const visited = new Set<string>();
  for (const chain of chains) {
    const last = chain.at(-1) ?? start;
    if (chain.length > 0 && isEnd(last)) return chain;
    for (const next of book.ordersFrom(last.to)) {
      const state = `${next.to} ${next.isToRecursive}`;
      if (!among(next) || !follows(last, next) || visited.has(state)) continue;
      visited.add(state);
      chains.push([...chain, next]);
    }
  }
  return undefined;
}

/** Whether waiting for the later lock of one order can mean waiting for a holder of the earlier lock of the next. */
function follows(first: Order, next: Order): boolean {
  return !(first.isToRecursive && next.isFromShared);
}

/** A class is taken in handlers, and elsewhere with interrupts on: the handler can come while the lock is held. */
function inconsistentUsage(book: FactBook, usage: Usage, among: Among): Contradiction | undefined {
  const other = book.usagesOf(usage.of).find((candidate) => among(candidate) && bite(usage, candidate));
  return other === undefined ? undefined : { kind: "inconsistent usage", facts: [usage, other] };
}

/** Whether a handler and what it interrupts exclude each other. */
function bite(a: Usage, b: Usage): boolean {
  return a.isInHandler !== b.isInHandler && !(a.isReader && b.isReader);
}

/**
 * A class that handlers take is held while one is waited for that is elsewhere held with interrupts on: its holder is
 * interrupted, the handler waits for the first, and the first for the holder.
 */
function handlerBehind(book: FactBook, cause: Fact, among: Among): Contradiction | undefined {
  for (const key of book.keys) {
    const inHandler = book.usagesOf(key).find((usage) => usage.isInHandler && among(usage));
    if (inHandler === undefined) continue;
    for (const first of book.ordersFrom(key)) {
      if (!among(first) || (inHandler.isReader && first.isFromShared)) continue;
      const found = toInterruptible(book, first, among);
      if (found === undefined) continue;
      const facts = [inHandler, ...found];
      if (facts.includes(cause)) return { kind: "handler behind interruptible", facts };
    }
  }
  return undefined;
}

/** The chain from an order on to a class that is held with interrupts on, and that use. */
function toInterruptible(book: FactBook, first: Order, among: Among): readonly Fact[] | undefined {
  const usageAfter = (last: Order): Usage | undefined =>
    book
      .usagesOf(last.to)
      .find((usage) => !usage.isInHandler && among(usage) && !(usage.isReader && last.isToRecursive));
  const own = usageAfter(first);
  if (own !== undefined) return [first, own];
  const chain = path(book, first, (last) => usageAfter(last) !== undefined, among);
  return chain === undefined ? undefined : [first, ...chain, usageAfter(chain.at(-1)!)!];
}
