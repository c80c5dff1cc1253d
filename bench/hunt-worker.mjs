// One worker of executions-to-bug.mjs: takes the number of a program and of a hunter, answers what the hunt came to.

import { parentPort, workerData } from "node:worker_threads";
import { hunt, hunters, large, wrong } from "../suites/dist/index.js";

const programs = [...Object.values(wrong), ...Object.values(large)].flat();

parentPort.on("message", ({ program, hunter }) => {
  parentPort.postMessage({ program, hunter, result: hunt(programs[program], hunters[hunter], workerData) });
});
