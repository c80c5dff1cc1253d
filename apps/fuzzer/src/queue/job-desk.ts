/** Puts work into the queue and collects what has become of it. What the server has lost is put in again. */

import { UsageError } from "@mmrace/scheduler";
import { atMost, nowMs, pause } from "../clock.ts";
import { warn } from "../report/warn.ts";
import type { Job, ShardQueue } from "./connection.ts";

/** Between two looks at the queue. */
const LOOK_EVERY_MS = 100;
/** Between two looks at who is there. */
const COUNT_EVERY_MS = 5000;
/** Results that nobody has asked for are thrown away after a day. */
const KEEP = { age: 24 * 3600 };

/** One campaign's side of the queue. */
export class JobDesk {
  readonly #queue: ShardQueue;
  /** What to run to see why workers end. */
  readonly #advice: string;
  #countedMs = nowMs();
  #isAlone = false;

  constructor(queue: ShardQueue, advice: string) {
    this.#queue = queue;
    this.#advice = advice;
  }

  /**
   * Collects a result, or puts in what is not there: at first, and when the server has lost it.
   *
   * @throws {UsageError} when a worker refused, or workers did not survive it.
   */
  async look<T>(name: string, job: Job, read: (answer: unknown) => T): Promise<T | undefined> {
    const state = await this.#queue.getJobState(name);
    if (state === "unknown")
      await this.#queue.add(name, job, { jobId: name, removeOnComplete: KEEP, removeOnFail: KEEP });
    if (state !== "completed" && state !== "failed") return undefined;
    const found = await this.#queue.getJob(name);
    if (found === undefined) return undefined;
    if (state === "failed") return await this.#fail(name, found.failedReason);
    try {
      return read(found.returnvalue);
    } catch (error) {
      // Or it would be read again the next time.
      await this.forget([name]);
      throw error;
    }
  }

  async #fail(name: string, reason: string): Promise<never> {
    await this.forget([name]);
    if (/stalled/.test(reason))
      throw new UsageError(
        `Worker after worker ended in the middle of ${name}. See why, for example with: ${this.#advice}`,
      );
    throw new Error(`A worker failed at ${name}: ${reason}`);
  }

  /** Takes out what has been collected. */
  async forget(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#queue.remove(name);
  }

  /**
   * Looks again and again.
   *
   * @param look answers `true` when nothing is missing any more.
   * @param isEnough called every now and then; `true` ends it.
   */
  async lookUntil(look: () => Promise<boolean>, isEnough: () => boolean): Promise<void> {
    let isThere = false;
    const isOver = (): boolean => {
      this.#countWorkers();
      return isEnough();
    };
    const lookOnce = async (): Promise<void> => {
      isThere = await look();
    };
    for (;;) {
      if (!(await whileWaiting(lookOnce(), isOver)) || isThere || isOver()) return;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Called now and then: says it when nobody is there to do the work. */
  #countWorkers(): void {
    if (nowMs() - this.#countedMs < COUNT_EVERY_MS) return;
    this.#countedMs = nowMs();
    const note = (count: number): void => {
      if (count === 0 && !this.#isAlone)
        warn("No worker is there. Start some, here or elsewhere, with: mmrace work --queue ADDRESS");
      this.#isAlone = count === 0;
    };
    // A server that is away says so by itself.
    this.#queue.getWorkersCount().then(note, () => {});
  }
}

/** Waits for an answer of the server, which may be away. @returns false when it was not waited for to the end. */
export async function whileWaiting(answer: Promise<unknown>, isEnough: () => boolean): Promise<boolean> {
  let isThere = false;
  const noted = answer.then(() => {
    isThere = true;
  });
  // When nobody waits any more, nobody wants to hear of it.
  noted.catch(() => {});
  for (;;) {
    await atMost(LOOK_EVERY_MS, noted);
    if (isThere) return true;
    if (isEnough()) return false;
  }
}
