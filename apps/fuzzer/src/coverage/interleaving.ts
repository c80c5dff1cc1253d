/**
 * Interleaving coverage: who read whose write, and who got a lock from whom. Code coverage of a model says nothing about
 * its schedules; these edges do. Reads-from as in RFF (ASPLOS 2024), by sites.
 */

import { drainedBy, hashWord, type ModelThread, type Observer, type Operation } from "@mmrace/scheduler";

/** Slots of each map. Edges are hashed; a collision merges two edges, it never invents one. */
const MAP_SIZE = 1 << 14;

/** The maps, kept apart so that one that saturates does not hide another. */
export const MAP_NAMES = ["reads-from", "lock hand-over"] as const;

/** Slots over all maps. */
export const COVERAGE_SIZE: number = MAP_SIZE * MAP_NAMES.length;

/** Which map a slot belongs to. */
export function mapOf(slot: number): (typeof MAP_NAMES)[number] {
  return MAP_NAMES[Math.floor(slot / MAP_SIZE)]!;
}

/** Counts the edges of one execution at a time. */
export class InterleavingObserver implements Observer {
  /** How often each edge was seen in the running execution, up to 255. */
  readonly counts: Uint8Array = new Uint8Array(COVERAGE_SIZE);
  /** The slots that are not zero. */
  readonly touched: number[] = [];
  /** By location: hash of the site that last wrote, and its thread plus one. */
  #writerSite: number[] = [];
  #writerThread: number[] = [];

  beginExecution(): void {
    for (const slot of this.touched) this.counts[slot] = 0;
    this.touched.length = 0;
    this.#writerSite.fill(0);
    this.#writerThread.fill(0);
  }

  onStep(thread: ModelThread, operation: Operation<unknown>): void {
    const store = drainedBy(operation);
    if (store !== undefined) {
      this.#note(store.object.location, store.site?.hash ?? 0, store.thread);
      return;
    }
    const { access, role } = operation.kind;
    if (access !== "read" && access !== "write") return;
    const { location } = operation.object;
    const site = operation.site!.hash;
    const writer = this.#writerThread[location] ?? 0;
    if (writer !== 0 && writer !== thread.id + 1)
      this.#count(role === "acquire" ? 1 : 0, this.#writerSite[location]!, site);
    if (access === "write") this.#note(location, site, thread);
  }

  #note(location: number, site: number, { id }: ModelThread): void {
    this.#writerSite[location] = site;
    this.#writerThread[location] = id + 1;
  }

  #count(map: number, from: number, to: number): void {
    const slot = map * MAP_SIZE + (hashWord(from, to) & (MAP_SIZE - 1));
    const before = this.counts[slot]!;
    if (before === 0) this.touched.push(slot);
    if (before < 255) this.counts[slot] = before + 1;
  }
}
