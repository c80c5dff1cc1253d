/** The thread that does shards, so that the one that talks to the server is always heard of. */

import { parentPort } from "node:worker_threads";
import { isProgramShard, runProgramShard } from "./program-shard.ts";
import { runShard } from "./shard.ts";

parentPort?.on("message", (content: unknown) => void answer(content));

async function answer(content: unknown): Promise<void> {
  parentPort?.postMessage(isProgramShard(content) ? await runProgramShard(content) : runShard(content));
}
