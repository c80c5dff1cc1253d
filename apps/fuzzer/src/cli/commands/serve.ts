/** `mmrace serve`: a campaign whose work others do. */

import type { Command } from "commander";
import type { FuzzOptions } from "../../engine/job.ts";
import { NativeCampaigns } from "../../engine/native-campaigns.ts";
import { windowOf } from "../../programs/program-hunt.ts";
import { queueAddress } from "../../queue/address.ts";
import { QueueConnection } from "../../queue/connection.ts";
import { JobDesk } from "../../queue/job-desk.ts";
import { QueuePool } from "../../queue/queue-pool.ts";
import { QueueRunner } from "../../queue/queue-programs.ts";
import { addCampaignOptions, campaignResult } from "../campaign-options.ts";
import { addQueueOptions, wholeNumber, type QueueOptions } from "../options.ts";
import type { CommandResult } from "../output.ts";

/** Some seconds of work for one worker, at the usual speeds. */
const SHARD = 8192;

interface ServeOptions extends Omit<FuzzOptions, "engine" | "workers" | "queue" | "with">, QueueOptions {
  readonly shards: number;
  readonly shard: number;
}

/** Describes the command. */
export function defineServe(program: Command): Command {
  const command = program
    .command("serve")
    .summary("run a campaign on many machines, over a queue")
    .description(
      "Cuts a campaign into shards, puts them into a queue, and merges what workers (see: mmrace work) give back. The result " +
        "depends on the settings only, not on how many workers there are or which of them end; Ctrl-C saves the campaign, and " +
        "the same command goes on with it. Needs a Redis server, and the packages bullmq and ioredis. Exit code 3: a " +
        "violation was found.",
    );
  return addQueueOptions(addCampaignOptions(command))
    .option(
      "--shards <n>",
      "shards of a round: as many as there are workers, or more; the result depends on it",
      wholeNumber(1),
      4,
    )
    .option("--shard <n>", "executions of a shard, at most; the result depends on it", wholeNumber(1), SHARD)
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  redis-server --bind 127.0.0.1 --appendonly yes --dir queue\n" +
        "  mmrace serve --queue redis://127.0.0.1:6379 T1-02 --executions 1000000 --shards 8\n" +
        "  mmrace serve --queue redis://127.0.0.1:6379 --program move.prog --kernel 6.11\n" +
        "  mmrace serve --queue redis://127.0.0.1:6379 --programs 10000 --executions 5000000\n" +
        "  mmrace work --queue redis://127.0.0.1:6379",
    );
}

/** Runs the command. */
export async function runServe(names: readonly string[], options: ServeOptions): Promise<CommandResult> {
  const { allowRemote, shards, ...rest } = options;
  const connection = await QueueConnection.open(queueAddress(options.queue, allowRemote === true));
  const queue = connection.queue();
  const deskFor = (what: string): JobDesk => new JobDesk(queue, `mmrace fuzz ${what}`);
  try {
    return await campaignResult(
      names,
      { ...rest, engine: "native", workers: shards, with: [] },
      async (job) => {
        const { seed: randomSeed } = options;
        const campaigns = new NativeCampaigns(job, {
          rounds: (scenario, fuzzerOptions, deadlineMs) =>
            new QueuePool(deskFor(scenario.name), scenario, fuzzerOptions, {
              shards,
              executions: options.shard,
              randomSeed,
              deadlineMs,
            }),
          programs: (settings) => {
            const desk = deskFor(`--programs ${options.programs}`);
            return Array.from({ length: windowOf(shards) }, () => new QueueRunner(desk, settings));
          },
        });
        return await campaigns.run();
      },
    );
  } finally {
    await connection.close(queue);
  }
}
