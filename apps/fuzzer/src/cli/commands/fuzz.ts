/** `mmrace fuzz`: campaigns. */

import { UsageError } from "@mmrace/scheduler";
import { Option, type Command } from "commander";
import type { FuzzOptions } from "../../engine/job.ts";
import { NativeCampaigns } from "../../engine/native-campaigns.ts";
import { runJsfuzz } from "../../jsfuzz/jsfuzz-engine.ts";
import { addCampaignOptions, campaignResult } from "../campaign-options.ts";
import { wholeNumber, withOption } from "../options.ts";
import type { CommandResult } from "../output.ts";

/** Describes the command. */
export function defineFuzz(program: Command): Command {
  const command = program
    .command("fuzz")
    .summary("hunt for violations by fuzzing schedules")
    .description(
      "Fuzzes the schedules of scenarios, guided by who read whose write and who got a lock from whom. The result depends " +
        "only on the settings and the random seed, unless --time cuts it off. Ctrl-C saves the campaign; the same command " +
        "goes on with it. Exit code 3: a violation was found.",
    );
  return addCampaignOptions(command)
    .addOption(
      new Option("--engine <engine>", "native, or the jsfuzz package on the same target")
        .choices(["native", "jsfuzz"])
        .default("native"),
    )
    .option(
      "--workers <n>",
      "worker threads of the native engine; the result depends on how many, but for --programs",
      wholeNumber(1),
      1,
    )
    .addOption(withOption())
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  mmrace fuzz\n" +
        "  mmrace fuzz cpmt-vs-uffdcopy --kernel 6.6-dev --stop-on-first\n" +
        "  mmrace fuzz T1-01 --engine jsfuzz --seed 7 --json\n" +
        "  mmrace fuzz --programs 200 --kernel 6.11\n" +
        "  mmrace fuzz --programs 4000 --executions 400000 --workers 2 --corpus programs\n" +
        "  mmrace fuzz retract-vs-uffdcopy --ablate retract_page_tables/spin_lock/pte_lock --time 30s\n" +
        "  mmrace fuzz --kernel 6.12 --with my-retract.ts --time 5m\n" +
        "\nOver several machines: mmrace serve.",
    );
}

/** Runs the command. */
export async function runFuzz(names: readonly string[], options: FuzzOptions): Promise<CommandResult> {
  if (options.engine === "jsfuzz" && options.strategy !== "coverage") {
    throw new UsageError(
      `jsfuzz makes its own schedules; --strategy ${options.strategy} goes with --engine native.`,
    );
  }
  if (options.engine === "jsfuzz" && options.with.length > 0) {
    throw new UsageError("jsfuzz runs a bundle of the model as it is; --with goes with --engine native.");
  }
  if (options.engine === "jsfuzz" && options.workers !== 1) {
    throw new UsageError("jsfuzz has one worker of its own; --workers goes with --engine native.");
  }
  if (options.engine === "jsfuzz" && (options.program.length > 0 || options.programs !== undefined))
    throw new UsageError("jsfuzz fuzzes scenarios; --program and --programs go with --engine native.");
  return await campaignResult(names, options, async (job) =>
    options.engine === "jsfuzz" ? { reports: await runJsfuzz(job) } : await new NativeCampaigns(job).run(),
  );
}
