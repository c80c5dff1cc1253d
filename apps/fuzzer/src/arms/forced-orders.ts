/** Forced orders: each race that an execution showed in one order only is run in the other one. */

import { forcedOrder, hashWord, type Strategy } from "@mmrace/scheduler";
import type { Seed } from "../corpus/corpus.ts";
import type { Race } from "../coverage/access-log.ts";
import type { Arm, Attempt } from "./arm.ts";

/** The arm. Each order is forced once. */
export class ForcedOrders implements Arm {
  readonly name = "forced orders";
  readonly #base: Strategy;
  /** Orders that were seen or tried, by hash. */
  readonly #known = new Set<number>();
  /** Races whose other order may be untried, the newest last. */
  readonly #waiting: { readonly seed: Seed; readonly race: Race }[] = [];

  /** @param base goes on from the race. */
  constructor(base: Strategy) {
    this.#base = base;
  }

  onSeed(seed: Seed): void {
    for (const { location, first, second } of seed.races) this.#known.add(orderOf(location, first, second));
    for (const race of seed.races) this.#waiting.push({ seed, race });
  }

  next(): Attempt | undefined {
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      const { location, first, second, step } = next.race;
      const order = orderOf(location, second, first);
      if (this.#known.has(order)) continue;
      this.#known.add(order);
      const { choices, values, constraints } = next.seed;
      const strategy = forcedOrder({
        choices,
        values,
        step,
        first: { ...second, location },
        base: this.#base,
      });
      return { strategy, constraints };
    }
    return undefined;
  }
}

function orderOf(location: number, first: Race["first"], second: Race["second"]): number {
  const former = hashWord(hashWord(location, first.thread), first.site);
  return hashWord(hashWord(former, second.thread), second.site);
}
