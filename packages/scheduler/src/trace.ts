/** Traces: what happened, as events. Derived from a schedule by running it again, so executions pay nothing for them. */

import type { Ablation } from "./ablation.ts";
import { Engine, type Observer } from "./engine.ts";
import type { Operation } from "./operation.ts";
import type { Ending } from "./outcome.ts";
import type { Scenario } from "./scenario.ts";
import { replaySchedule } from "./schedule.ts";
import type { Strategy } from "./strategy.ts";
import type { ModelThread } from "./thread.ts";

/** One performed operation. */
export interface TraceEvent {
  /** Thread number. */
  readonly thread: number;
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
  return kind.describe?.(object, argument, result) ?? `${kind.name}(${object.name})`;
}

/** Runs one execution under a strategy and records it. */
export function traceUnder<W>(
  scenario: Scenario<W>,
  strategy: Strategy,
  ablations: readonly Ablation[] = [],
): Trace {
  const recorder = new TraceRecorder();
  const engine = new Engine(scenario, ablations, [recorder]);
  strategy.beginExecution();
  return recorder.trace(engine.run(strategy));
}

/** Runs a schedule again and records what happens. */
export function recordTrace<W>(
  scenario: Scenario<W>,
  schedule: Uint8Array,
  ablations: readonly Ablation[] = [],
): Trace {
  return traceUnder(scenario, replaySchedule(schedule), ablations);
}
