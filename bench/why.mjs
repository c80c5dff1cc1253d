// What each guard of the procedures that people argue about is for, on every long-lived release: asks `mmrace why`, and writes
// one page for each procedure into docs/why/. Needs a build. Answers are kept, so an interrupted run goes on where it was.
//
//   node bench/why.mjs                          all procedures
//   node bench/why.mjs retract_page_tables      one of them

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PROCEDURES = {
  retract_page_tables:
    "takes empty tables away from under all mappings of a file, without their mmap_lock since 6.6",
  collapse_pte_mapped_thp: "takes one mm's table away whose entries map pieces of a huge folio",
  __pte_offset_map_lock: "finds a table and locks it, though it may be taken away meanwhile",
};
const RELEASES = ["6.1", "6.6", "6.12", "6.14", "6.18"];
const BOUNDS = ["--preemptions", "2", "--executions", "1000"];

const root = fileURLToPath(new URL("..", import.meta.url));

function tableOf(procedure, release) {
  const args = ["apps/fuzzer/dist/main.js", "why", procedure, "--kernel", release, "--markdown", ...BOUNDS];
  const { stdout, status } = spawnSync("node", [...args, "--workers", "2"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`mmrace why ${procedure} --kernel ${release} ended with ${status}`);
  process.stderr.write(`${procedure} on ${release}\n`);
  return stdout.trim();
}

function pageOf(procedure) {
  return [
    `# ${procedure}`,
    "",
    `It ${PROCEDURES[procedure]}. Each row takes one guard out and says what then goes wrong in any scenario that comes to it;`,
    "a guard of a procedure that it calls is taken out of that procedure. `npx mmrace replay TOKEN` shows the counterexample.",
    "Written by `node bench/why.mjs`; a test replays every token.",
    ...RELEASES.flatMap((release) => ["", `## Linux ${release}`, "", tableOf(procedure, release)]),
    "",
  ].join("\n");
}

const asked = process.argv.slice(2);
for (const procedure of asked.length > 0 ? asked : Object.keys(PROCEDURES))
  writeFileSync(`${root}/docs/why/${procedure}.md`, pageOf(procedure));
