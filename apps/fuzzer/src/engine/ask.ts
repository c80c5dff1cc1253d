/** A question to a worker thread, and its answer. */

import type { Worker } from "node:worker_threads";
import { UsageError } from "@mmrace/scheduler";

/** What a worker threw: an error that crosses threads keeps its name, and is of no class any more. */
export function thrownByWorker(error: Error): Error {
  return error.name === "UsageError" ? new UsageError(error.message) : error;
}

/**
 * Posts a request and waits for the next message. One at a time per worker.
 *
 * @throws {UsageError} when the worker did.
 */
export function ask<Result>(worker: Worker, request: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(thrownByWorker(error));
    worker.once("error", fail);
    worker.once("message", (result: Result) => {
      worker.removeListener("error", fail);
      resolve(result);
    });
    worker.postMessage(request);
  });
}
