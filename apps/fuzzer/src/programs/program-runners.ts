/** Who runs the programs of a hunt: this thread, or others. */

import { Worker } from "node:worker_threads";
import { pause } from "../clock.ts";
import { askUntil } from "../engine/ask.ts";
import { sourcesOf } from "../changes/change.ts";
import {
  NOTHING,
  type HuntSettings,
  type ProgramRunner,
  type ProgramTask,
  type TaskResult,
  type Tell,
} from "./program-task.ts";
import { runTask } from "./run-task.ts";

/** Between two looks whether a worker is still wanted: making a program small, it does not say anything for seconds. */
const LOOK_EVERY_MS = 100;

/** As many as asked for; a single one is this thread. */
export function programRunners(settings: HuntSettings, count: number): readonly ProgramRunner[] {
  if (count === 1) return [inThisThread(settings)];
  return Array.from({ length: count }, () => new ThreadRunner(settings));
}

function inThisThread(settings: HuntSettings): ProgramRunner {
  return {
    isThread: false,
    run: (task, tell) => runTask(settings, task, tell),
    close: () => Promise.resolve(),
  };
}

/** A worker thread. */
class ThreadRunner implements ProgramRunner {
  readonly isThread = true;
  readonly #worker: Worker;

  constructor(settings: HuntSettings) {
    const workerData: HuntSettings = { ...settings, changes: sourcesOf(settings.changes) };
    this.#worker = new Worker(new URL("./program-worker.js", import.meta.url), { workerData });
  }

  /** One that was cut short must be closed: its thread does not hear of it. */
  async run(task: ProgramTask, tell: Tell): Promise<TaskResult> {
    let last: TaskResult = { isWhole: false, progress: task.before ?? NOTHING };
    const answer = askUntil<TaskResult>(this.#worker, task, (told) => {
      last = told;
      if (!told.isWhole) tell(() => told.progress, told.progress.findings.length > 0);
      return told.isWhole;
    });
    // Who was cut short is not waited for.
    answer.catch(() => {});
    for (;;) {
      const result = await Promise.race([answer, pause(LOOK_EVERY_MS)]);
      if (result !== undefined) return result;
      if (tell()) return last;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
