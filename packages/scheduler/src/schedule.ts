/**
 * Schedules as bytes. One form serves tokens, corpus files and fuzzers: *any* byte string is a legal schedule.
 *
 * From the front, pairs of bytes are blocks: a thread number, and one less than the steps it runs. A block whose
 * thread is not enabled goes to the next enabled thread, cyclically by number; a block ends early when its thread
 * blocks or finishes. From the back, single bytes answer data choices. Where the two meet, the bytes have run out:
 * the execution goes on without preemption and with data choice 0.
 */

import type { SchedulingPoint, Strategy } from "./strategy.ts";

const STEPS_PER_BLOCK = 256;

/** Writes the choices of an execution in the canonical form: longest blocks, nothing left over. */
export function encodeSchedule(threads: readonly number[], values: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let at = 0;
  while (at < threads.length) {
    let end = at + 1;
    while (end < threads.length && threads[end] === threads[at] && end - at < STEPS_PER_BLOCK) end++;
    bytes.push(threads[at]!, end - at - 1);
    at = end;
  }
  for (let i = values.length - 1; i >= 0; i--) bytes.push(values[i]!);
  return Uint8Array.from(bytes);
}

/** Reads a schedule while an execution runs. */
export class ScheduleReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #front = 0;
  #back = 0;
  #thread = -1;
  #stepsLeft = 0;

  /** Starts on a schedule. */
  restart(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#front = 0;
    this.#back = bytes.length;
    this.#thread = -1;
    this.#stepsLeft = 0;
  }

  pickThread(point: SchedulingPoint): number {
    if (this.#stepsLeft > 0 && point.threads[this.#thread]?.isEnabled === true) {
      this.#stepsLeft--;
      return this.#thread;
    }
    if (this.#back - this.#front < 2) {
      this.#stepsLeft = 0;
      return (point.current ?? point.enabled[0]!).id;
    }
    const wanted = this.#bytes[this.#front]! % point.threads.length;
    this.#stepsLeft = this.#bytes[this.#front + 1]!;
    this.#front += 2;
    this.#thread = (point.enabled.find((thread) => thread.id >= wanted) ?? point.enabled[0]!).id;
    return this.#thread;
  }

  pickValue(count: number): number {
    if (this.#back <= this.#front) return 0;
    return this.#bytes[--this.#back]! % count;
  }
}

/** Runs one schedule, once. */
export function replaySchedule(bytes: Uint8Array): Strategy {
  const reader = new ScheduleReader();
  let executionsLeft = 1;
  return {
    name: "replay",
    isComplete: false,
    beginExecution: () => {
      reader.restart(bytes);
      return executionsLeft-- > 0;
    },
    pickThread: (point) => reader.pickThread(point),
    pickValue: (count) => reader.pickValue(count),
  };
}
