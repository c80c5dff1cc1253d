// One worker of guidance.mjs: takes the number of a target and of a hunter, answers the executions of each random seed.

import { parentPort, workerData } from "node:worker_threads";
import { hunters } from "./guidance-hunters.mjs";
import { targets } from "./guidance-targets.mjs";

parentPort.on("message", ({ target, hunter }) => {
  const executions = Array.from(
    { length: workerData.randomSeeds },
    (_, at) => hunters[hunter].hunt(targets[target], at + 1, targets[target].executionsMax) ?? Infinity,
  );
  parentPort.postMessage({ target, hunter, executions });
});
