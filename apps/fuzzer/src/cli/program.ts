/** The command line: names, options and what they call. */

import { Command } from "commander";
import { defineBug, runBug } from "./commands/bug.ts";
import { defineConform, runConform } from "./commands/conform.ts";
import { defineCorpus, runCorpusMerge, runCorpusMinimize } from "./commands/corpus.ts";
import { defineDecode, runDecode } from "./commands/decode.ts";
import { defineExplore, runExplore } from "./commands/explore.ts";
import { defineFuzz, runFuzz } from "./commands/fuzz.ts";
import { defineList, runList } from "./commands/list.ts";
import { defineLitmus, runLitmusFiles } from "./commands/litmus.ts";
import { defineMinimize, runMinimize } from "./commands/minimize.ts";
import { defineProgramCommand, runProgram } from "./commands/program.ts";
import { defineReplay, runReplay } from "./commands/replay.ts";
import { defineReproduce, runReproduce } from "./commands/reproduce.ts";
import { defineReport, runReport } from "./commands/report.ts";
import { defineServe, runServe } from "./commands/serve.ts";
import { defineWhy, runWhy } from "./commands/why.ts";
import { blaming, blamingLater } from "../changes/changed-kernels.ts";
import { defineWork, runWork } from "./commands/work.ts";
import { version } from "../version.ts";
import type { CommandResult } from "./output.ts";

/** Called with the name of the command that ran, its result, and whether it is to be put out as JSON. */
export type Deliver = (command: string, result: CommandResult, isJson: boolean) => void;

/** The program. It throws instead of leaving the process, and hands results to `deliver`. */
export function createProgram(deliver: Deliver): Command {
  const program = new Command("mmrace")
    .description(
      "Hunts races of the Linux page-table locking protocol: an executable model, searched or fuzzed.",
    )
    .version(version())
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace bug T1-02\n  mmrace fuzz --stop-on-first\n  mmrace explore mremap-vs-retract --kernel 6.12\n" +
        "\nExit codes: 0 clean, 1 our bug, 2 usage, 3 violation found, 4 replay diverged.",
    );

  const put = (command: string, options: { readonly json?: boolean }, result: CommandResult): void =>
    deliver(command, result, options.json === true);
  defineFuzz(program).action(async (names, options) =>
    put("fuzz", options, await blamingLater(() => runFuzz(names, options))),
  );
  defineServe(program).action(async (names, options) =>
    put("serve", options, await runServe(names, options)),
  );
  defineWork(program).action(async (options) => put("work", options, await runWork(options)));
  defineExplore(program).action(async (name, options) =>
    put("explore", options, await blamingLater(() => runExplore(name, options))),
  );
  defineReplay(program).action((token, options) =>
    put(
      "replay",
      options,
      blaming(() => runReplay(token, options)),
    ),
  );
  defineMinimize(program).action((token, options) =>
    put(
      "minimize",
      options,
      blaming(() => runMinimize(token, options)),
    ),
  );
  defineReproduce(program).action((token, options) =>
    put(
      "reproduce",
      options,
      blaming(() => runReproduce(token, options)),
    ),
  );
  defineReport(program).action((dir, options) => put("report", options, runReport(dir, options)));
  const corpus = defineCorpus(program);
  corpus.minimize.action((dir, options) => put("corpus", options, runCorpusMinimize(dir, options)));
  corpus.merge.action((dirs, options) => put("corpus", options, runCorpusMerge(dirs, options)));
  defineBug(program).action((id, options) => put("bug", options, runBug(id, options)));
  defineWhy(program).action(async (target, options) =>
    put("why", options, await blamingLater(() => runWhy(target, options))),
  );
  defineDecode(program).action((entries, options) => put("decode", options, runDecode(entries, options)));
  defineConform(program).action((what, options) => put("conform", options, runConform(what, options)));
  defineLitmus(program).action((files, options) => put("litmus", options, runLitmusFiles(files, options)));
  defineProgramCommand(program).action((what, argument, options) =>
    put("program", options, runProgram(what, argument, options)),
  );
  defineList(program).action((what, scenario, options) =>
    put("list", options, runList(what, scenario, options)),
  );
  return program;
}
