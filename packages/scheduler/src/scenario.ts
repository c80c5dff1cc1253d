/** Scenarios: a world, the threads that act on it, and what must hold. */

import { UsageError } from "./assert.ts";
import type { Property } from "./property.ts";
import type { Steps } from "./steps.ts";

/** The body of a model thread. */
export type ThreadBody<W> = (world: W) => Steps<void>;

/** The steps after which an execution is cut off unless its scenario says otherwise. */
export const STEPS_MAX_DEFAULT = 10_000;

/** A thread that says more than its body. */
export interface ThreadSpec<W> {
  readonly run: ThreadBody<W>;
  /** The model CPU; by default each thread and daemon has one of its own, in the order of the records. */
  readonly cpu?: number;
  /**
   * What the code is called in sites where no procedure is running, for threads that run the same code. Absent means the
   * thread's own name.
   */
  readonly code?: string;
}

/**
 * Threads that do the same, each with things of its own: any two can be exchanged, with what is theirs, and the scenario is
 * what it was. A search over states uses that if told to.
 *
 * It then checks each step that it uses against the exchanged one, so threads that differ are refused. Of a property, it
 * checks each state in one other permutation; a property must mean the same under all. A value that names a thread must be a
 * `ModelThread`, its name, or a thing that it owns; a number that is one is not renamed, nor is a list in the order of
 * threads sorted again, so states that hold such are refused. There is no property here about what happens for ever, for
 * which more would be needed (Emerson and Sistla 1996).
 */
export interface Interchangeable<W> {
  /** Threads, or daemons, by name. */
  readonly threads: readonly string[];
  /**
   * What is a thread's own: shared objects and objects of the world, in lists, records, maps or alone; of the same shape for
   * each. What a thread creates while it runs is its own anyway.
   *
   * @param index the thread's place in `threads`.
   */
  readonly owns?: (world: W, index: number) => unknown;
}

/** Values that make one scenario of a family; part of its identity in tokens. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** Everything one exploration needs to know about what it explores. */
export interface Scenario<W> {
  /** Identity in tokens and reports. */
  readonly name: string;
  /** Which variant of the model this is, for example a kernel release. Part of the identity. */
  readonly variant?: string;
  readonly parameters?: Parameters;
  /** What tells the model from others that may behave alike as far as a fingerprint looks. Part of the fingerprint. */
  readonly identity?: string;
  /** Builds a fresh world. Must be deterministic: it runs once per execution. */
  readonly setup: () => W;
  /** The threads, by name. */
  readonly threads: Readonly<Record<string, ThreadBody<W> | ThreadSpec<W>>>;
  /** Internal actors: threads that need not finish. They run whenever the strategy picks them. */
  readonly daemons?: Readonly<Record<string, ThreadBody<W> | ThreadSpec<W>>>;
  readonly properties: readonly Property<W>[];
  /** Sets of threads that are interchangeable, for searches over states. */
  readonly interchangeable?: readonly Interchangeable<W>[];
  /** An execution longer than this many steps is cut off. Default 10,000. */
  readonly stepsMax?: number;
}

/** Threads, daemons and store buffers together: a schedule numbers them in bytes. Searches through all schedules take fewer. */
export const THREADS_MAX = 256;

/**
 * Checks a scenario and returns it.
 *
 * @throws {UsageError} when it has no threads, too many, or two of one name.
 */
export function defineScenario<W>(scenario: Scenario<W>): Scenario<W> {
  const threads = Object.keys(scenario.threads);
  const daemons = Object.keys(scenario.daemons ?? {});
  const count = threads.length + daemons.length;
  if (threads.length === 0)
    throw new UsageError(`Scenario "${scenario.name}" has no threads: name at least one.`);
  if (count > THREADS_MAX) {
    throw new UsageError(
      `Scenario "${scenario.name}" has ${count} threads and daemons; at most ${THREADS_MAX} fit.`,
    );
  }
  const twice = threads.find((name) => daemons.includes(name));
  if (twice !== undefined)
    throw new UsageError(`Scenario "${scenario.name}" has a thread and a daemon named ${twice}.`);
  return scenario;
}

/** Whether somebody looks at states in the middle of executions; see `ExplorationFacts`. */
export function watchesEveryState<W>({ properties }: Scenario<W>): boolean {
  return properties.some(({ kind }) => kind !== "atEnd");
}
