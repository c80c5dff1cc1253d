/** A worker process: does shards, one at a time, until it is told to end. */

import { Worker } from "node:worker_threads";
import { exitAfter } from "../clock.ts";
import { ask } from "../engine/ask.ts";
import { onInterrupt } from "../engine/interrupts.ts";
import { warn } from "../report/warn.ts";
import { counted } from "../report/violation-text.ts";
import type { Answer, QueueConnection } from "./connection.ts";

/** A worker that has not been heard of for so long is taken for dead; it lets itself be heard twice as often. */
const LOCK_MS = 5000;
/** Between two looks for the shards of the dead. */
const TAKE_OVER_EVERY_MS = 2500;
/** A shard that so many workers did not survive is given to no more of them; an end of the server counts, too. */
const DEATHS_MAX = 10;
/** Between two attempts at a server that is away. */
const RETRY_MS = 500;
const END_MS = 1000;

/** The thread is started again for each shard after one that ended it, for example for want of memory. */
class ShardThread {
  #worker: Worker | undefined;

  async run(content: unknown): Promise<Answer> {
    const worker = (this.#worker ??= new Worker(new URL("./shard-thread.js", import.meta.url)));
    try {
      return await ask<Answer>(worker, content);
    } catch (error) {
      this.#worker = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}

/** What a worker has done. */
export interface WorkDone {
  readonly shards: number;
  readonly refused: number;
  readonly executions: number;
  readonly steps: number;
  readonly findings: number;
}

/** Works until SIGINT or SIGTERM; the shard at hand is done to its end, unless a second signal comes. */
export async function work(connection: QueueConnection): Promise<WorkDone> {
  const total = { shards: 0, refused: 0, executions: 0, steps: 0, findings: 0 };
  const thread = new ShardThread();
  let atHand: Promise<unknown> = Promise.resolve();
  const run = async (name: string, content: unknown): Promise<Answer> => {
    warn(`Took ${name}`);
    const running = thread.run(content);
    atHand = running.catch(() => {});
    const answer = await running;
    if ("refused" in answer) {
      total.refused++;
      warn(`Refused ${name}: ${answer.refused}`);
      return answer;
    }
    total.shards++;
    total.executions += answer.executions;
    total.steps += answer.steps;
    total.findings += answer.findings.length;
    const facts = [counted(answer.executions, "execution"), counted(answer.findings.length, "new finding")];
    warn(`Did ${name}: ${facts.join(", ")}`);
    return answer;
  };
  const worker = connection.worker(run, {
    concurrency: 1,
    lockDuration: LOCK_MS,
    lockRenewTime: LOCK_MS / 2,
    stalledInterval: TAKE_OVER_EVERY_MS,
    maxStalledCount: DEATHS_MAX,
    runRetryDelay: RETRY_MS,
  });
  worker.on("stalled", (name) => warn(`Nobody is heard of who took ${name}: it goes to another worker`));
  await interrupted();
  // From now on it takes no more.
  worker.close().catch(() => {});
  await atHand;
  await connection.close(worker);
  await thread.close();
  // BullMQ goes on waiting for a server that is away, with nothing left to do but to put out the result.
  exitAfter(END_MS);
  return total;
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const forget = onInterrupt(() => {
      forget();
      resolve();
    });
  });
}
