/** Traces: what happened, as events. Derived from a schedule by running it again, so executions pay nothing for them. */

import { Engine } from "./engine.ts";
import type { Observer } from "./observer.ts";
import { MUST_WAIT, type Operation } from "./operation.ts";
import type { Ending } from "./outcome.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Scenario } from "./scenario.ts";
import { replaySchedule } from "./schedule.ts";
import { drainedBy } from "./store-buffer.ts";
import type { Strategy } from "./strategy.ts";
import type { ModelThread } from "./thread.ts";

/** One performed operation. */
export interface TraceEvent {
  /** Thread number. */
  readonly thread: number;
  /** The thread in whose column it belongs: a store that reaches memory stands with the thread that issued it. */
  readonly column: number;
  /** The procedures that were running, outermost first; empty in the thread's own body. */
  readonly procedures: readonly string[];
  /** Which run of each of those procedures this is: equal numbers belong to one call. */
  readonly calls: readonly number[];
  /** The site address. */
  readonly site: string;
  /** The operation in words, with values. */
  readonly text: string;
}

/** One execution, step by step. */
export interface Trace {
  readonly threads: readonly { readonly name: string; readonly cpu: number }[];
  readonly events: readonly TraceEvent[];
  readonly ending: Ending;
}

/** Collects events. Only for single executions: it makes texts at every step. */
export class TraceRecorder implements Observer {
  events: TraceEvent[] = [];
  #threads: readonly ModelThread[] = [];
  #frames = new WeakMap<object, number>();
  #framesSeen = 0;

  beginExecution(threads: readonly ModelThread[]): void {
    this.events = [];
    this.#threads = threads;
  }

  onStep(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    const frames = thread.frames.slice(1);
    this.events.push({
      thread: thread.id,
      column: drainedBy(operation)?.thread.id ?? thread.id,
      procedures: frames.map(({ procedure }) => procedure.name),
      calls: frames.map((frame) => this.#callNumber(frame)),
      site: operation.site!.address,
      text: describe(operation, result),
    });
  }

  /** The trace of the execution that has just ended. */
  trace(ending: Ending): Trace {
    return { threads: this.#threads.map(({ name, cpu }) => ({ name, cpu })), events: this.events, ending };
  }

  #callNumber(frame: object): number {
    let number = this.#frames.get(frame);
    if (number === undefined) this.#frames.set(frame, (number = this.#framesSeen++));
    return number;
  }
}

/** An operation in words, with its result where it is known. */
export function describe(operation: Operation<unknown>, result: unknown): string {
  const { kind, object, argument } = operation;
  if (result === MUST_WAIT) return `${kind.name}(${object.name}) waits`;
  return kind.describe?.(object, argument, result) ?? `${kind.name}(${object.name})`;
}

/** Runs one execution under a strategy and records it. */
export function traceUnder<W>(scenario: Scenario<W>, strategy: Strategy, settings: RunSettings = {}): Trace {
  const recorder = new TraceRecorder();
  const engine = new Engine(scenario, settings, [recorder]);
  strategy.beginExecution();
  return recorder.trace(engine.run(strategy));
}

/** Runs a schedule again and records what happens. */
export function recordTrace<W>(
  scenario: Scenario<W>,
  schedule: Uint8Array,
  settings: RunSettings = {},
): Trace {
  return traceUnder(scenario, replaySchedule(schedule), settings);
}
