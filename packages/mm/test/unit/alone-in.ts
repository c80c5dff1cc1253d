/** Runs one procedure alone, and gives the world that it leaves. All oracles watch: counts are recounted at the end. */

import { defineFamily, kernelById, type World as AnyWorld, World } from "@mmrace/mm";
import { exhaustive, explore, type Steps } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";

export function alone<W extends AnyWorld, R>(
  kernel: string,
  build: (w: AnyWorld) => W,
  body: (w: W) => Steps<R>,
): { readonly w: W; readonly result: R } {
  let left: { readonly w: W; readonly result: R } | undefined;
  const family = defineFamily<W>({
    name: "alone",
    about: "one thread",
    kernelDefault: kernel,
    setup: (ops, geometry) => build(new World(ops, geometry, {})),
    threads: {
      *only(w) {
        left = { w, result: yield* body(w) };
      },
    },
    reaches: () => [],
  });
  expectNoViolation(explore(family.on(kernelById(kernel)), exhaustive(), { stopAtFirst: false }));
  return left!;
}
