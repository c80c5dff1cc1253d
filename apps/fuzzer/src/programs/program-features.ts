/**
 * What programs are told apart by: which site's write another thread read, who had a lock before whom, and in what order sites
 * of different threads raced. Taken from what campaigns have kept: each schedule that showed something new is a seed, so
 * together the seeds of a campaign show all that it saw.
 */

import { base64Of, bytesOf } from "../corpus/base64.ts";
import type { Seed } from "../corpus/corpus.ts";
import { COVERAGE_SIZE, MAP_SIZE, mapOf, mapStart, type MapName } from "../coverage/maps.ts";
import { slotOf } from "../coverage/novelty.ts";

/**
 * The maps that count. What was in flight, which way a procedure returned and what entries became differ in nearly every
 * program: if they counted, nearly all would be kept.
 */
const MAPS: readonly MapName[] = ["reads-from", "lock hand-over", "race order"];

/** The slots of a campaign, in ascending order. Called while campaigns run, and seeds have thousands of features. */
export function slotsOf(seeds: readonly Pick<Seed, "features">[]): readonly number[] {
  const isSeen = new Uint8Array(COVERAGE_SIZE);
  for (const { features } of seeds) for (const feature of features) isSeen[slotOf(feature)] = 1;
  const slots: number[] = [];
  for (const name of MAPS) {
    const start = mapStart(name);
    for (let slot = start; slot < start + MAP_SIZE; slot++) if (isSeen[slot] === 1) slots.push(slot);
  }
  return slots;
}

/** All slots that programs have shown so far. */
export class ProgramFeatures {
  readonly #bits = new Uint8Array(COVERAGE_SIZE / 8);

  /** Takes in what a program showed. @returns how many slots none had shown before. */
  add(slots: readonly number[]): number {
    let found = 0;
    for (const slot of slots) {
      const bit = 1 << (slot % 8);
      const at = slot >> 3;
      if ((this.#bits[at]! & bit) !== 0) continue;
      this.#bits[at]! |= bit;
      found++;
    }
    return found;
  }

  /** Distinct slots by map, for reports. */
  edges(): Readonly<Record<string, number>> {
    const edges: Record<string, number> = Object.fromEntries(MAPS.map((name) => [name, 0]));
    for (const [at, byte] of this.#bits.entries()) {
      const name = mapOf(at * 8);
      for (let rest = byte; rest !== 0; rest &= rest - 1) edges[name]!++;
    }
    return edges;
  }

  /** As text, from which `restore` makes it again. */
  save(): string {
    return base64Of(this.#bits);
  }

  /** Takes over what `save` has written; what is of another size is left alone. */
  restore(text: string): void {
    const bits = bytesOf(text);
    if (bits.length === this.#bits.length) this.#bits.set(bits);
  }
}
