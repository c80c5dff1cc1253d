/** A question to a worker thread, and its answer. */

import type { Worker } from "node:worker_threads";
import { UsageError } from "@mmrace/scheduler";

/** What a worker threw: an error that crosses threads keeps its name, and is of no class any more. */
function thrownByWorker(error: Error): Error {
  return error.name === "UsageError" ? new UsageError(error.message) : error;
}

/**
 * Posts a request and waits for the next message. One at a time per worker.
 *
 * @throws {UsageError} when the worker did.
 */
export function ask<Result>(worker: Worker, request: unknown): Promise<Result> {
  return askUntil<Result>(worker, request, () => true);
}

/**
 * The same of a worker that says more than one thing.
 *
 * @param isEnough told each message; `true` makes it the answer.
 */
export function askUntil<Message>(
  worker: Worker,
  request: unknown,
  isEnough: (message: Message) => boolean,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(thrownByWorker(error));
    const onMessage = (message: Message): void => {
      if (!isEnough(message)) return;
      worker.removeListener("message", onMessage);
      worker.removeListener("error", fail);
      resolve(message);
    };
    worker.on("message", onMessage);
    worker.once("error", fail);
    worker.postMessage(request);
  });
}
