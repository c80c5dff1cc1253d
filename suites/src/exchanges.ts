/**
 * Random programs over cells that are read, written and exchanged, alone and under a mutex that is always given back. What
 * an exchange touches depends on the order; nothing else here does, so an optimal search need not prune anything.
 */

import { Cell, cmpxchg, defineScenario, Prng, readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { lock, Mutex, trylock, unlock } from "./mutex.ts";
import type { Program } from "./program.ts";

/** The world of these programs. */
export interface Exchanges {
  readonly cells: readonly [Cell<number>, Cell<number>];
  readonly mutex: Mutex;
  /** What each thread has read: ghost state. */
  readonly seen: number[][];
}

interface Draw {
  readonly kind: "read" | "write" | "exchange" | "locked" | "tried";
  readonly cell: 0 | 1;
  readonly from: number;
  readonly to: number;
}

// An exchange is what these programs are about, so it is the most frequent.
const KINDS = ["read", "write", "exchange", "exchange", "exchange", "locked", "tried"] as const;

function* take({ cells, mutex, seen }: Exchanges, self: number, draw: Draw): Steps<void> {
  const { kind, from, to } = draw;
  const cell = cells[draw.cell];
  if (kind === "read") seen[self]!.push(yield* readOnce(cell));
  else if (kind === "write") yield* writeOnce(cell, to);
  else if (kind === "exchange") seen[self]!.push(yield* cmpxchg(cell, from, to));
  else if (kind === "locked") {
    yield* lock(mutex);
    seen[self]!.push(yield* cmpxchg(cell, from, to));
    yield* unlock(mutex);
  } else if (yield* trylock(mutex)) {
    yield* writeOnce(cell, to);
    yield* unlock(mutex);
  } else seen[self]!.push(yield* readOnce(cell));
}

/** The program of a random seed: three or four threads of one to three parts. */
export function randomExchanges(randomSeed: number): Program<Exchanges> {
  const prng = new Prng(randomSeed);
  const draw = (): Draw => ({
    kind: KINDS[prng.below(KINDS.length)]!,
    cell: prng.below(2) as 0 | 1,
    from: prng.below(3),
    to: prng.below(3),
  });
  const threads = Array.from({ length: 3 + prng.below(2) }, () =>
    Array.from({ length: 1 + prng.below(3) }, draw),
  );
  const body = (draws: readonly Draw[], self: number) =>
    function* (world: Exchanges): Steps<void> {
      for (const each of draws) yield* take(world, self, each);
    };
  return {
    id: `exchanges(${randomSeed})`,
    scenario: defineScenario<Exchanges>({
      name: `exchanges-${randomSeed}`,
      setup: () => ({
        cells: [new Cell("x", 0), new Cell("y", 0)],
        mutex: new Mutex("mutex"),
        seen: threads.map(() => []),
      }),
      threads: Object.fromEntries(threads.map((draws, self) => [`t${self}`, body(draws, self)] as const)),
      properties: [],
    }),
    finalState: ({ cells: [x, y], seen }) => `x=${x.value} y=${y.value} ${seen.join(" ")}`,
    expected: {},
  };
}
