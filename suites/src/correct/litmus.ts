/** Litmus shapes under sequential consistency. Counts: GenMC's tests and an independent enumerator. */

import { writeOnce } from "@mmrace/scheduler";
import { program, type Body, type Expected, type Memory, type Program } from "../program.ts";

/** Threads as text: `x=1 y` writes 1 to x, then reads y. */
function shape(id: string, threads: readonly string[], expected: Expected): Program<Memory> {
  const names = [...new Set(threads.join(" ").match(/[a-z]\d*/g))].sort();
  return program({
    id,
    cells: Object.fromEntries(names.map((name) => [name, 0])),
    threads: Object.fromEntries(threads.map((text, at) => [`t${at}`, body(text)])),
    expected,
  });
}

function body(text: string): Body {
  return function* (memory, self) {
    for (const step of text.split(" ")) {
      const [name, value] = step.split("=") as [string, string?];
      if (value === undefined) yield* memory.read(self, name);
      else yield* writeOnce(memory.at(name), Number(value));
    }
  };
}

/** A ring of n threads; each names its own cell and the next one's. */
function ring(
  id: string,
  sizes: readonly number[],
  text: (own: string, next: string) => string,
): readonly Program<Memory>[] {
  const interleavings: Readonly<Record<number, number>> = { 2: 6, 3: 90, 4: 2520, 5: 113_400, 6: 7_484_400 };
  const states: Readonly<Record<number, number>> = { 2: 13, 3: 51, 4: 193, 5: 723, 6: 2701 };
  return sizes.map((n) =>
    shape(
      `${id}(${n})`,
      Array.from({ length: n }, (_, i) => text(`x${i}`, `x${(i + 1) % n}`)),
      { traces: 2 ** n - 1, interleavings: interleavings[n]!, states: states[n]! },
    ),
  );
}

/** All of them. */
export const litmus: readonly Program<Memory>[] = [
  ...ring("SB", [2, 3, 4, 5, 6], (own, next) => `${own}=1 ${next}`),
  ...ring("LB", [2, 3, 4, 5, 6], (own, next) => `${own} ${next}=1`),
  ...ring("2+2W", [2, 3, 4], (own, next) => `${own}=1 ${next}=2`),
  shape("MP", ["x=1 y=1", "y x"], { traces: 3, interleavings: 6, states: 13 }),
  shape("S", ["x=2 y=1", "y x=1"], { traces: 3, interleavings: 6, states: 13 }),
  shape("R", ["x=1 y=1", "y=2 x"], { traces: 3, interleavings: 6 }),
  shape("WRC", ["x=1", "x y=1", "y x"], { traces: 7, interleavings: 30, states: 36 }),
  shape("RWC", ["x=1", "x y", "y=1 x"], { traces: 7, interleavings: 30, states: 36 }),
  shape("WWC", ["x=2", "x y=1", "y x=1"], { traces: 9, interleavings: 30, states: 42 }),
  shape("IRIW", ["x=1", "y=1", "x y", "y x"], { traces: 15, interleavings: 180, states: 97 }),
  shape("W+RWC", ["x=1 y=1", "y z", "z=1 x"], { traces: 7, interleavings: 90, states: 51 }),
  shape("Z6.3", ["x=1 y=1", "y=2 z=1", "z=2 x"], { traces: 7, interleavings: 90, states: 51 }),
  shape("ISA2", ["x=1 y=1", "y z=1", "z x"], { traces: 7, interleavings: 90 }),
];
