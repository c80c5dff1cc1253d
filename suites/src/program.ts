/** What a program of the suites is: threads over integer cells, with what is known about it. */

import {
  atEnd,
  Cell,
  defineScenario,
  readOnce,
  update,
  UsageError,
  type Scenario,
  type Steps,
  type ThreadSpec,
} from "@mmrace/scheduler";
import { Mutex } from "./mutex.ts";

/** How many schedules cost exactly 0, 1, 2, ...: all of them, and those that are wrong or deadlock. */
export type CostCounts = readonly [all: readonly number[], wrong: readonly number[]];

/** Known numbers of one program. Left out: not known, or too large to recount in a test. */
export interface Expected {
  /** Mazurkiewicz traces, those that end in a deadlock included: complete executions of any sound reduction. */
  readonly traces?: number;
  /** How many of the traces deadlock. */
  readonly deadlocked?: number;
  /** Complete executions of a plain depth-first search. */
  readonly interleavings?: number;
  /** How many of those are wrong or deadlock. */
  readonly wrongInterleavings?: number;
  /** Exact probability that one random walk goes wrong or deadlocks. */
  readonly walkRate?: number;
  /** Schedules by preemptions. */
  readonly preemptions?: CostCounts;
  /** Schedules by delays against a round robin that runs each thread until it blocks or ends. */
  readonly delays?: CostCounts;
  /** Executions of source-DPOR that sleep sets cut off, for our order of choices; 0 where source sets are optimal. */
  readonly sourcePruned?: number;
  /** States: what memory holds, where each thread is, and the registers that a benchmark's threads have, never reset. */
  readonly states?: number;
}

/** One program. */
export interface Program<W = unknown> {
  /** Family and parameter, for example `lastzero(5)`. */
  readonly id: string;
  readonly scenario: Scenario<W>;
  /** All that an execution leaves behind, values that threads have read included, as text. */
  readonly finalState: (world: W) => string;
  readonly expected: Expected;
}

/** The world of most programs: integer cells and mutexes by name, and what each thread has read. */
export class Memory {
  readonly #cells: ReadonlyMap<string, Cell<number>>;
  readonly #mutexes: ReadonlyMap<string, Mutex>;
  /** Values read, by thread: ghost state. */
  readonly seen: Record<string, number[]> = {};
  /** What a thread has found wrong: ghost state. */
  wrong: string | undefined = undefined;

  constructor(cells: Readonly<Record<string, number>>, mutexes: readonly string[]) {
    this.#cells = new Map(
      Object.entries(cells).map(([name, value]) => [name, new Cell(name, value)] as const),
    );
    this.#mutexes = new Map(mutexes.map((name) => [name, new Mutex(name)] as const));
  }

  /** @throws {UsageError} when the program has no such cell. */
  at(name: string): Cell<number> {
    const cell = this.#cells.get(name);
    if (cell === undefined) throw new UsageError(`The program has no cell ${name}.`);
    return cell;
  }

  /** @throws {UsageError} when the program has no such mutex. */
  mutex(name: string): Mutex {
    const mutex = this.#mutexes.get(name);
    if (mutex === undefined) throw new UsageError(`The program has no mutex ${name}.`);
    return mutex;
  }

  /** Reads a cell and notes the value for the final state. */
  *read(thread: string, name: string): Steps<number> {
    const value = yield* readOnce(this.at(name));
    this.note(thread, value);
    return value;
  }

  /** Adds to a cell in one step and notes the old value. */
  *add(thread: string, name: string, by: number): Steps<number> {
    const value = yield* update(this.at(name), (old) => old + by);
    this.note(thread, value);
    return value;
  }

  /** Notes a value that a thread has observed. */
  note(thread: string, value: number): void {
    (this.seen[thread] ??= []).push(value);
  }

  /** Cells in the order of the program, then what each thread saw. */
  describe(): string {
    const cells = [...this.#cells].map(([name, { value }]) => `${name}=${value}`);
    const owners = [...this.#mutexes].map(([name, { owner }]) => `${name}:${owner?.id ?? "-"}`);
    const seen = Object.entries(this.seen)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([thread, values]) => `${thread}:${values.join(",")}`);
    return [...cells, ...owners, ...seen, this.wrong ?? ""].join(" ");
  }
}

/** A thread of a program: its own name comes with the memory. */
export type Body = (memory: Memory, self: string) => Steps<void>;

/** The parts of a program over integers. */
export interface Parts {
  readonly id: string;
  readonly cells: Readonly<Record<string, number>>;
  readonly mutexes?: readonly string[];
  readonly threads: Readonly<Record<string, Body>>;
  /** What must hold at the end beside that no thread has found anything wrong. */
  readonly check?: (memory: Memory) => boolean;
  readonly expected: Expected;
}

/** The name of the property that wrong programs break. */
export const NOTHING_WRONG = "no thread finds anything wrong";

/**
 * Puts a program together. Its only property is that no thread has set `wrong` and that what must hold at the end does,
 * looked at when all have finished.
 */
export function program({
  id,
  cells,
  mutexes = [],
  threads,
  check = () => true,
  expected,
}: Parts): Program<Memory> {
  return {
    id,
    scenario: defineScenario({
      name: id,
      setup: () => new Memory(cells, mutexes),
      threads: Object.fromEntries(
        Object.entries(threads).map(([name, body]) => [name, threadOf(name, body)] as const),
      ),
      properties: [atEnd(NOTHING_WRONG, (memory) => memory.wrong === undefined && check(memory))],
    }),
    finalState: (memory) => memory.describe(),
    expected,
  };
}

/** A thread; those that run one function have their sites in common, as they have their code. */
function threadOf(name: string, body: Body): ThreadSpec<Memory> {
  return { run: (memory) => body(memory, name), ...(body.name === "" ? {} : { code: body.name }) };
}

/** The same body several times, under the names `t1`, `t2`, ... */
export function times(count: number, body: (i: number) => Body): Record<string, Body> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`t${at + 1}`, body(at + 1)] as const));
}

/** A family as programs: one per parameter, with its expectation. */
export function family(
  parameters: readonly (readonly [n: number, expected: Expected])[],
  make: (n: number, expected: Expected) => Program<Memory>,
): readonly Program<Memory>[] {
  return parameters.map(([n, expected]) => make(n, expected));
}
