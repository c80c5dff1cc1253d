/**
 * Interleaving coverage: code coverage of a model says nothing about its schedules; these features do. The maps are
 * described in `maps.ts`.
 */

import { entryKinds } from "@mmrace/mm";
import {
  drainedBy,
  hashWord,
  type ModelThread,
  type Observer,
  type Operation,
  type SharedObject,
} from "@mmrace/scheduler";
import { COVERAGE_SIZE, MAP_SIZE, mapStart } from "./maps.ts";

/** Above so many threads the pairs of what is in flight would be all that coverage sees. */
const IN_FLIGHT_THREADS_MAX = 12;

const READS_FROM = mapStart("reads-from");
const HAND_OVER = mapStart("lock hand-over");
const RACE_ORDER = mapStart("race order");
const TRANSITIONS = mapStart("entry transitions");
const PATHS = mapStart("paths");
const IN_FLIGHT = mapStart("in flight");

/** Counts the features of one execution at a time. */
export class InterleavingObserver implements Observer {
  /** How often each feature was seen in the running execution, up to 255. */
  readonly counts: Uint8Array = new Uint8Array(COVERAGE_SIZE);
  /** The slots that are not zero. */
  readonly touched: number[] = [];
  /** A hash of the reads-from class: equal where the same reads found the same writes, wherever else executions differ. */
  readsFrom = 0;
  #threads: readonly ModelThread[] = [];
  /** By location: hash of the site that last wrote, and its thread plus one. */
  readonly #writerSite: number[] = [];
  readonly #writerThread: number[] = [];
  /** The same for who was there last, reader or writer; the thread is negative for a reader. */
  readonly #lastSite: number[] = [];
  readonly #lastThread: number[] = [];
  /** By location: the abstraction of what stands there. */
  readonly #content: (number | undefined)[] = [];
  /** By thread: the site of its last step. */
  readonly #path: number[] = [];

  beginExecution(threads: readonly ModelThread[]): void {
    for (const slot of this.touched) this.counts[slot] = 0;
    this.touched.length = 0;
    this.readsFrom = 0;
    this.#threads = threads;
    this.#writerSite.fill(0);
    this.#writerThread.fill(0);
    this.#lastThread.fill(0);
    this.#content.fill(undefined);
    this.#path.fill(0);
  }

  onStep(thread: ModelThread, operation: Operation<unknown>): void {
    const site = operation.site!.hash;
    this.#count(PATHS, hashWord(this.#path[thread.id] ?? 0, site));
    this.#path[thread.id] = site;
    if (this.#threads.length <= IN_FLIGHT_THREADS_MAX) this.#noteInFlight(thread, site);
    const store = drainedBy(operation);
    if (store !== undefined) {
      this.#noteWrite(store.object, store.site?.hash ?? 0, store.thread);
      return;
    }
    const { access, role } = operation.kind;
    if (access !== "read" && access !== "write" && access !== "add") return;
    const isWrite = access !== "read";
    this.#noteOrder(operation.object.location, site, thread, isWrite);
    if (access !== "add") this.#noteRead(operation.object.location, site, thread, role === "acquire");
    if (isWrite) this.#noteWrite(operation.object, site, thread);
  }

  #noteRead(location: number, site: number, { id }: ModelThread, isAcquire: boolean): void {
    const writer = this.#writerThread[location] ?? 0;
    const edge = hashWord(writer === 0 ? 0 : this.#writerSite[location]!, site);
    // A sum does not depend on the order in which the reads come.
    this.readsFrom = (this.readsFrom + hashWord(edge, writer)) | 0;
    if (writer !== 0 && writer !== id + 1) this.#count(isAcquire ? HAND_OVER : READS_FROM, edge);
  }

  #noteWrite(object: SharedObject, site: number, { id }: ModelThread): void {
    const { location } = object;
    this.#writerSite[location] = site;
    this.#writerThread[location] = id + 1;
    const content = entryKinds(object);
    if (content === undefined) return;
    this.#count(TRANSITIONS, hashWord(hashWord(this.#content[location] ?? 0, content), site));
    this.#content[location] = content;
  }

  #noteOrder(location: number, site: number, { id }: ModelThread, isWrite: boolean): void {
    const last = this.#lastThread[location] ?? 0;
    const isRace = last !== 0 && Math.abs(last) !== id + 1 && (isWrite || last > 0);
    if (isRace) this.#count(RACE_ORDER, hashWord(this.#lastSite[location]!, site));
    this.#lastSite[location] = site;
    this.#lastThread[location] = isWrite ? id + 1 : -id - 1;
  }

  #noteInFlight(thread: ModelThread, site: number): void {
    for (const other of this.#threads) {
      if (other === thread || other.isDaemon || other.pending === undefined) continue;
      this.#count(IN_FLIGHT, hashWord(site, other.pending.site?.hash ?? 0));
    }
  }

  #count(map: number, feature: number): void {
    const slot = map + (feature & (MAP_SIZE - 1));
    const before = this.counts[slot]!;
    if (before === 0) this.touched.push(slot);
    if (before < 255) this.counts[slot] = before + 1;
  }
}
