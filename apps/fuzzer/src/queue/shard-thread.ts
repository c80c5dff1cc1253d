/** The thread that does shards, so that the one that talks to the server is always heard of. */

import { parentPort } from "node:worker_threads";
import { runShard } from "./shard.ts";

parentPort?.on("message", (content: unknown) => parentPort?.postMessage(runShard(content)));
