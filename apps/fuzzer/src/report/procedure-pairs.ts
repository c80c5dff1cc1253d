/** Which procedures meet: whose writes are read by whom, and from whom locks are got, over the schedules of a corpus. */

import {
  drainedBy,
  Engine,
  replaySchedule,
  type ModelThread,
  type Observer,
  type Operation,
  type RunSettings,
  type Scenario,
  type Site,
} from "@mmrace/scheduler";
import type { HeatData } from "./report-data.ts";

/** The maps, as coverage has them, as far as they are about two procedures. */
const MAPS = ["reads-from", "lock hand-over", "race order"] as const;

/** One pair of procedures. */
interface Pair {
  /** Pairs of sites. */
  readonly edges: Set<string>;
  executions: number;
  /** The last execution that showed it. */
  last: number;
}

/** Somebody's use of a location. */
interface Use {
  readonly site: Site;
  readonly thread: number;
  readonly isWrite: boolean;
}

/** Counts pairs over executions. Slower than coverage, since it keeps names. */
class PairObserver implements Observer {
  readonly pairs: readonly Map<string, Pair>[] = MAPS.map(() => new Map<string, Pair>());
  #executions = 0;
  /** By location: who wrote last, and who used it last, and where. */
  readonly #writers = new Map<number, Use>();
  readonly #users = new Map<number, Use>();

  beginExecution(): void {
    this.#executions++;
    this.#writers.clear();
    this.#users.clear();
  }

  onStep(thread: ModelThread, operation: Operation<unknown>): void {
    const store = drainedBy(operation);
    if (store !== undefined) {
      const { site, object } = store;
      if (site !== undefined) this.#use(object.location, { site, thread: store.thread.id, isWrite: true });
      return;
    }
    const { access, role } = operation.kind;
    if (access !== "read" && access !== "write") return;
    const { location } = operation.object;
    const site = operation.site!;
    const writer = this.#writers.get(location);
    if (writer !== undefined && writer.thread !== thread.id)
      this.#count(role === "acquire" ? 1 : 0, writer.site, site);
    this.#use(location, { site, thread: thread.id, isWrite: access === "write" });
  }

  #use(location: number, use: Use): void {
    const before = this.#users.get(location);
    if (before !== undefined && before.thread !== use.thread && (before.isWrite || use.isWrite))
      this.#count(2, before.site, use.site);
    this.#users.set(location, use);
    if (use.isWrite) this.#writers.set(location, use);
  }

  #count(map: number, from: Site, to: Site): void {
    const pairs = this.pairs[map]!;
    const name = JSON.stringify([from.procedure, to.procedure]);
    let pair = pairs.get(name);
    if (pair === undefined) pairs.set(name, (pair = { edges: new Set(), executions: 0, last: 0 }));
    pair.edges.add(`${from.address} ${to.address}`);
    if (pair.last === this.#executions) return;
    pair.last = this.#executions;
    pair.executions++;
  }
}

/** Runs all schedules and counts who met whom. */
export function procedurePairs<W>(
  scenario: Scenario<W>,
  settings: RunSettings,
  schedules: readonly Uint8Array[],
): readonly HeatData[] {
  const observer = new PairObserver();
  const engine = new Engine(scenario, settings, [observer]);
  for (const schedule of schedules) {
    const strategy = replaySchedule(schedule);
    strategy.beginExecution();
    engine.run(strategy);
  }
  return MAPS.map((map, at) => heatOf(map, observer.pairs[at]!));
}

function heatOf(map: string, pairs: ReadonlyMap<string, Pair>): HeatData {
  const named = [...pairs].map(([name, pair]) => ({
    names: JSON.parse(name) as [from: string, to: string],
    pair,
  }));
  const procedures = [...new Set(named.flatMap(({ names }) => names))].toSorted();
  const numbers = new Map(procedures.map((procedure, number) => [procedure, number]));
  return {
    map,
    procedures,
    pairs: named
      .map(
        ({ names: [from, to], pair }) =>
          [numbers.get(from)!, numbers.get(to)!, pair.edges.size, pair.executions] as const,
      )
      .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
  };
}
