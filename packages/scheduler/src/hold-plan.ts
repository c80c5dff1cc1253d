/**
 * Hold plans: where threads must be held up ("delay here") so that an execution comes about on a machine whose processors all run at
 * once. A scheduler that runs one thread at a time holds up all others; here is what of that somebody has to do by hand.
 */

import { Engine } from "./engine.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Scenario } from "./scenario.ts";
import { replaySchedule } from "./schedule.ts";
import type { SchedulingPoint, Strategy } from "./strategy.ts";
import type { ModelThread } from "./thread.ts";
import { TraceRecorder, type Trace } from "./trace.ts";

/** An operation of a plan: one that was performed, or one that a thread never came to. */
export interface PlannedOperation {
  /** Thread number. */
  readonly thread: number;
  /** The procedures around it, outermost first; empty in the thread's own body. */
  readonly procedures: readonly string[];
  /** The site address. */
  readonly site: string;
  readonly text: string;
}

/**
 * One thread that must not go on for a while.
 *
 * `preemption`: it could have gone on, and others ran. `start`: it must not begin before others have come so far.
 * `overtaken`: it waited for something, got it, and others ran on all the same before it did.
 */
export interface Hold {
  readonly kind: "preemption" | "start" | "overtaken";
  /** Thread number. */
  readonly thread: number;
  /** What it did last; none at its start. */
  readonly after: PlannedOperation | undefined;
  /** What it must not do yet. */
  readonly before: PlannedOperation;
  /** What another has to have done: the last step before this thread goes on, or the last one of the execution. */
  readonly until: PlannedOperation;
  /** False: the execution ends before it goes on. */
  readonly resumes: boolean;
}

/** How to bring an execution about. */
export interface HoldPlan {
  readonly trace: Trace;
  /** In the order in which threads go on; those that never do come last. */
  readonly holds: readonly Hold[];
  /** Threads that nobody can hold up, by number: daemons, and the actors of hardware. */
  readonly free: readonly number[];
}

/** A thread as it stood at a scheduling point. */
interface Standing {
  /** Events before the point. */
  readonly at: number;
  readonly picked: number;
  readonly enabled: readonly number[];
  readonly pending: readonly (PlannedOperation | undefined)[];
}

/** Runs a schedule again and says where threads must be held up for it. */
export function holdPlan<W>(
  scenario: Scenario<W>,
  schedule: Uint8Array,
  settings: RunSettings = {},
): HoldPlan {
  const recorder = new TraceRecorder();
  const engine = new Engine(scenario, settings, [recorder]);
  const points: Standing[] = [];
  let free: readonly number[] = [];
  const replayed = replaySchedule(schedule);
  const strategy: Strategy = {
    ...replayed,
    pickThread(point) {
      free = point.threads.filter((thread) => thread.isDaemon || thread.isHardware).map(({ id }) => id);
      const picked = replayed.pickThread(point);
      points.push(standing(point, picked, recorder.events.length));
      return picked;
    },
  };
  strategy.beginExecution();
  const trace = recorder.trace(engine.run(strategy));
  return { trace, holds: holdsOf(trace, points, free), free };
}

function standing({ threads, enabled }: SchedulingPoint, picked: number, at: number): Standing {
  return { at, picked, enabled: enabled.map(({ id }) => id), pending: threads.map(pendingOf) };
}

function pendingOf({ id, pending, frames }: ModelThread): PlannedOperation | undefined {
  if (pending === undefined) return undefined;
  return {
    thread: id,
    procedures: frames.slice(1).map(({ procedure }) => procedure.name),
    site: pending.site!.address,
    text: `${pending.kind.name}(${pending.object.name})`,
  };
}

function holdsOf(trace: Trace, points: readonly Standing[], free: readonly number[]): readonly Hold[] {
  const holds: Hold[] = [];
  /** The point at which each thread was picked last. */
  const last: (number | undefined)[] = [];
  for (const [index, { picked }] of points.entries()) {
    const isHere = points[index - 1]?.picked === picked;
    if (index > 0 && !isHere && !free.includes(picked)) {
      const hold = holdAt(trace, points, picked, last[picked], index);
      if (hold !== undefined) holds.push(hold);
    }
    last[picked] = index;
  }
  const end = points.length;
  for (const thread of trace.threads.keys()) {
    if (free.includes(thread) || last[thread] === end - 1) continue;
    const hold = holdAt(trace, points, thread, last[thread], end);
    if (hold !== undefined) holds.push(hold);
  }
  return holds;
}

/** Why a thread was not picked after point `from` and before point `to`, if it could have been. */
function holdAt(
  { events }: Trace,
  points: readonly Standing[],
  thread: number,
  from: number | undefined,
  to: number,
): Hold | undefined {
  const since = from === undefined ? 0 : from + 1;
  const could = points.findIndex(
    ({ enabled }, index) => index >= since && index < to && enabled.includes(thread),
  );
  if (could < 0) return undefined;
  const resumes = to < points.length;
  const at = resumes ? points[to]!.at : events.length;
  const pending = points[could]!.pending[thread]!;
  const after = events.findLastIndex((event, index) => event.thread === thread && index < at);
  return {
    kind: from === undefined ? "start" : could === since ? "preemption" : "overtaken",
    thread,
    after: after < 0 ? undefined : planned(events[after]!),
    before: resumes ? planned(events[at]!) : pending,
    until: planned(events[at - 1]!),
    resumes,
  };
}

function planned({ thread, procedures, site, text }: Trace["events"][number]): PlannedOperation {
  return { thread, procedures, site, text };
}
