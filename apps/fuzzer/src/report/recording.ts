/** One execution in full, by running it again: its steps, what threads hold when, and how the page tables change. */

import type { World } from "@mmrace/mm";
import {
  Engine,
  recordTrace,
  replaySchedule,
  type ModelThread,
  type Observer,
  type RunSettings,
  type Scenario,
  type Trace,
  type TraceEvent,
} from "@mmrace/scheduler";
import { MemoryHistory } from "./memory-history.ts";
import type { HoldData, RecordingData, RowData } from "./report-data.ts";
import { Texts } from "./texts.ts";

/** A recording, and the trace it was made from. */
export interface Recording {
  readonly trace: Trace;
  readonly data: RecordingData;
}

/** Runs a schedule twice: once for its trace, and once to look at the world after every step. */
export function record(
  scenario: Scenario<World>,
  schedule: Uint8Array,
  settings: RunSettings = {},
): Recording {
  const trace = recordTrace(scenario, schedule, settings);
  const texts = new Texts();
  const watcher = new WorldWatcher(texts);
  const watched: Scenario<World> = { ...scenario, setup: () => watcher.watch(scenario.setup()) };
  const strategy = replaySchedule(schedule);
  strategy.beginExecution();
  new Engine(watched, settings, [watcher]).run(strategy);
  const steps = trace.events.map(({ thread, site, text }) => ({
    thread,
    site: texts.number(site),
    text: texts.number(text),
  }));
  const { threads } = trace;
  const { tables } = watcher.memory;
  return {
    trace,
    data: { texts: texts.all, threads, steps, rows: rowsOf(trace, texts), holds: watcher.holds, tables },
  };
}

/** Looks at a world before the first step and after each. */
class WorldWatcher implements Observer {
  readonly memory: MemoryHistory;
  readonly #texts: Texts;
  readonly #ended: HoldData[] = [];
  /** What is held now, by thread. */
  #open: HoldData[][] = [];
  #world: World | undefined;
  #threads: readonly ModelThread[] = [];
  #step = -1;

  constructor(texts: Texts) {
    this.#texts = texts;
    this.memory = new MemoryHistory(texts);
  }

  watch(world: World): World {
    this.#world = world;
    return world;
  }

  /** All that was ever held, in the order in which it was taken. */
  get holds(): readonly HoldData[] {
    const steps = this.#step + 1;
    const open = this.#open.flat().map((hold) => ({ ...hold, to: steps }));
    return [...this.#ended, ...open].toSorted((a, b) => a.from - b.from || a.thread - b.thread);
  }

  beginExecution(threads: readonly ModelThread[]): void {
    this.#threads = threads;
    this.#open = threads.map(() => []);
    this.#look();
  }

  onStep(): void {
    this.#step++;
    this.#look();
  }

  #look(): void {
    const world = this.#world!;
    this.memory.note(world, this.#step);
    // Of all threads: one may release what another one has taken, as a folio under I/O.
    for (const thread of this.#threads) this.#lookAt(world, thread);
  }

  #lookAt({ lockdep }: World, thread: ModelThread): void {
    const open = this.#open[thread.id]!;
    const now = lockdep.holdings(thread).map(({ name, mode }) => ({ name: this.#texts.number(name), mode }));
    const left = [...open];
    const next: HoldData[] = [];
    for (const holding of now) {
      const at = left.findIndex(({ name, mode }) => name === holding.name && mode === holding.mode);
      if (at >= 0) next.push(...left.splice(at, 1));
      else next.push({ ...holding, thread: thread.id, from: this.#step, to: -1 });
    }
    for (const hold of left) this.#ended.push({ ...hold, to: this.#step });
    this.#open[thread.id] = next;
  }
}

/** The lines of the CPU columns: operations, each after the procedures that its thread has entered since its last one. */
function rowsOf(trace: Trace, texts: Texts): RowData[] {
  const rows: RowData[] = [];
  const last: (TraceEvent | undefined)[] = [];
  trace.events.forEach((event, step) => {
    const { thread, column, procedures, calls } = event;
    const before = last[thread]?.calls ?? [];
    let depth = 0;
    while (depth < calls.length && calls[depth] === before[depth]) depth++;
    for (; depth < procedures.length; depth++) {
      rows.push({ step, column, depth, text: texts.number(`${procedures[depth]}()`), isProcedure: true });
    }
    rows.push({
      step,
      column,
      depth: procedures.length,
      text: texts.number(event.text),
      isProcedure: false,
    });
    last[thread] = event;
  });
  return rows;
}
