/** A worker thread of `mmrace why`: it answers one question after the other. */

import { parentPort } from "node:worker_threads";
import { judge, type WhyJob } from "./judge.ts";

parentPort?.on("message", (job: WhyJob) => parentPort?.postMessage(judge(job)));
