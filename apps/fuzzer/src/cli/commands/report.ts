/** `mmrace report`: a campaign directory as one HTML page. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { buildReport } from "../../report/report-builder.ts";
import { reportPage } from "../../report/report-page.ts";
import { counted } from "../../report/violation-text.ts";
import { EXIT } from "../exit-code.ts";
import { jsonOption } from "../options.ts";
import type { CommandResult } from "../output.ts";

interface ReportOptions {
  readonly html?: string;
  readonly json?: boolean;
}

/** Describes the command. */
export function defineReport(program: Command): Command {
  return program
    .command("report")
    .summary("a campaign as one HTML page")
    .description(
      "Writes one HTML file that needs nothing else: the findings of a campaign directory, each with its schedule, the locks " +
        "that are held and the page tables before and after every step; how coverage grew, which procedures met, and what " +
        "mmrace why has answered there.",
    )
    .argument("<dir>", "campaign directory, as given to mmrace fuzz --out")
    .option("--html <file>", "where the page goes; default: report.html in the directory")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace fuzz T1-02 --out campaign; mmrace report campaign\n" +
        "  mmrace report mmrace-out --html /tmp/report.html",
    );
}

/** Runs the command. */
export function runReport(directory: string, options: ReportOptions): CommandResult {
  const data = buildReport(directory);
  const file = options.html ?? join(directory, "report.html");
  const page = reportPage(data);
  writeFileSync(file, page);
  const { findings, campaigns, why } = data;
  const stale = findings.filter((finding) => finding.stale !== undefined).length;
  const doubt = stale === 0 ? "" : ` ${counted(stale, "finding")} of another model cannot be replayed.`;
  const answers = why.length === 0 ? "" : `, with ${counted(why.length, "answer")} about guards,`;
  return {
    exitCode: EXIT.clean,
    text:
      `${counted(findings.length, "finding")} and ${counted(campaigns.length, "campaign")}${answers} are in ${file} ` +
      `(${Math.ceil(page.length / 1024).toLocaleString("en")} KiB).${doubt}`,
    json: {
      html: file,
      findings: findings.map(({ signature, stale }) => ({ signature, replays: stale === undefined })),
      campaigns: campaigns.map(({ scenario, kernel, executions }) => ({ scenario, kernel, executions })),
      answers: why.length,
    },
  };
}
