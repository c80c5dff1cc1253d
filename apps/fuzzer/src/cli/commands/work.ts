/** `mmrace work`: does what `mmrace serve` has put into a queue. */

import type { Command } from "commander";
import { queueAddress } from "../../queue/address.ts";
import { QueueConnection } from "../../queue/connection.ts";
import { work } from "../../queue/queue-worker.ts";
import { counted } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { addQueueOptions, jsonOption, type QueueOptions } from "../options.ts";
import type { CommandResult } from "../output.ts";

interface WorkOptions extends QueueOptions {
  readonly json?: boolean;
}

/** Describes the command. */
export function defineWork(program: Command): Command {
  const command = program
    .command("work")
    .summary("do the work of campaigns that mmrace serve runs")
    .description(
      "Takes shards of campaigns from a queue, one after the other, until Ctrl-C; the shard at hand is done to its end, " +
        "unless Ctrl-C is pressed again. Start one for each core, on as many machines as you like. One that is killed loses " +
        "nothing: another does its shard.",
    );
  return addQueueOptions(command)
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  mmrace work --queue redis://127.0.0.1:6379");
}

/** Runs the command. */
export async function runWork(options: WorkOptions): Promise<CommandResult> {
  const connection = await QueueConnection.open(queueAddress(options.queue, options.allowRemote === true));
  const done = await work(connection);
  const facts = [
    counted(done.shards, "shard"),
    counted(done.executions, "execution"),
    counted(done.findings, "finding"),
    ...(done.refused === 0 ? [] : [`${done.refused} refused`]),
  ];
  return { exitCode: EXIT.clean, text: facts.join(", "), json: { ...done } };
}
