/** A question to a worker thread, and its answer. */

import type { Worker } from "node:worker_threads";

/** Posts a request and waits for the next message. One at a time per worker. */
export function ask<Result>(worker: Worker, request: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (result: Result) => {
      worker.removeListener("error", reject);
      resolve(result);
    });
    worker.postMessage(request);
  });
}
