/** A worker thread of a hunt: it runs the programs that it is given, one after the other. */

import { parentPort, workerData } from "node:worker_threads";
import { blamingLater } from "../changes/changed-kernels.ts";
import { nowMs } from "../clock.ts";
import type { HuntSettings, ProgramTask, TaskResult, Tell } from "./program-task.ts";
import { runTask } from "./run-task.ts";

/** How often a worker says how far it has come. */
const TELL_EVERY_MS = 200;

const settings = workerData as HuntSettings;
const say = (result: TaskResult): void => parentPort?.postMessage(result);

parentPort?.on("message", (task: ProgramTask) => void run(task));

async function run(task: ProgramTask): Promise<void> {
  let toldMs = nowMs();
  const tell: Tell = (progress, isUrgent = false) => {
    if (progress === undefined || (!isUrgent && nowMs() - toldMs < TELL_EVERY_MS)) return false;
    toldMs = nowMs();
    say({ isWhole: false, progress: progress() });
    return false;
  };
  say(await blamingLater(() => runTask(settings, task, tell)));
}
