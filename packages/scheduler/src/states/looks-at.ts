/** What a step looks at: the parts of a state that decide whether it can be taken and what it does. */

import { UsageError } from "../assert.ts";
import { footprintOf } from "../footprint.ts";
import { isPause } from "../memory.ts";
import type { SharedObject } from "../shared-object.ts";
import type { ModelThread } from "../thread.ts";
import { looksAtAll } from "./refusals.ts";
import type { RouteRun } from "./route-run.ts";
import type { Slots } from "./slots.ts";

/** Thrown when a thread turns out to pause in spin loops: states need a word for it, so the search starts again. */
export class NewPause extends UsageError {
  readonly thread: number;

  constructor(thread: number) {
    super(`thread ${thread} pauses`);
    this.thread = thread;
  }
}

/**
 * The slots that the pending step of a thread looks at: its object, its CPU, all tracked state, and then what follows from
 * the states of these.
 *
 * @throws {NewPause} when the thread pauses and states have no word for that yet.
 * @throws {UsageError} when it looks at all memory.
 */
export function slotsLookedAt<W>(
  thread: ModelThread,
  layout: Slots,
  { names, trackers }: RouteRun<W>,
): ReadonlySet<number> {
  const slots = new Set<number>();
  const { pending } = thread;
  if (pending === undefined) return slots;
  const add = (object: SharedObject | undefined): void => {
    const slot = object === undefined ? undefined : layout.ofObject(object, names);
    if (slot !== undefined) slots.add(slot);
  };
  add(pending.object);
  add(pending.object.lifetime);
  if (isPause(pending.kind)) {
    const news = layout.newsOf(thread.id);
    if (news === undefined) throw new NewPause(thread.id);
    slots.add(news);
  } else if (pending.kind.access === "all") throw new UsageError(looksAtAll(pending));
  add(thread.gate);
  add(thread.storeBuffer);
  for (const { name } of trackers) slots.add(layout.ofName(name));
  for (const { object } of footprintOf(pending).others) {
    add(object);
    add(object.lifetime);
  }
  return slots;
}
