// Jobs spread over the processors, and tables of what came of them.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/**
 * Gives each job to a worker, as many at once as there are processors, from the end of the list: long ones belong there.
 * Resolves when the last one is answered; an answer names its job.
 */
export function spread(jobs, worker, workerData, onAnswer) {
  const waiting = [...jobs];
  let left = jobs.length;
  return new Promise((resolve, reject) => {
    for (let i = 0; i < Math.min(availableParallelism(), jobs.length); i++) {
      const thread = new Worker(worker, { workerData });
      thread.on("error", reject);
      thread.on("message", (answer) => {
        onAnswer(answer, --left);
        const job = waiting.pop();
        if (job !== undefined) return thread.postMessage(job);
        void thread.terminate();
        if (left === 0) resolve();
      });
      thread.postMessage(waiting.pop());
    }
  });
}

/** Three digits say more than sampling error allows. */
export function figure(value) {
  if (value === Infinity) return "-";
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value.toPrecision(value < 10 ? 2 : 3);
}

/** A table in Markdown. */
export function table(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A document whose part between two marks is generated. @throws when it has lost its marks. */
export function splitAtMarks(document, name, [first, last]) {
  const [start, end] = [document.indexOf(first), document.indexOf(last)];
  if (start < 0 || end < start) throw new Error(`${name} has lost its marks`);
  return {
    before: document.slice(0, start),
    between: document.slice(start, end),
    after: document.slice(end),
  };
}
