/** The next program to try. */

import { generateProgram, mutateProgram, spliceProgram, type Program } from "@mmrace/mm/programs";
import type { Prng } from "@mmrace/scheduler";

/** A new one, or with even odds one that is made from one or two of those that were worth keeping. */
export function drawProgram<T>(prng: Prng, kept: readonly T[], programOf: (one: T) => Program): Program {
  if (kept.length === 0 || prng.below(2) === 0) return generateProgram(prng);
  const pick = (): Program => programOf(kept[prng.below(kept.length)]!);
  return mutateProgram(prng, prng.below(4) === 0 ? spliceProgram(prng, pick(), pick()) : pick());
}
