/** A worker thread of `mmrace why`: it answers one question after the other. */

import { parentPort } from "node:worker_threads";
import { blaming } from "../changes/changed-kernels.ts";
import { judge, type WhyJob } from "./judge.ts";

parentPort?.on("message", (job: WhyJob) => parentPort?.postMessage(blaming(() => judge(job))));
