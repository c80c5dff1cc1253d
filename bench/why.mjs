// What guards of the page-table protocol are for, asked of `mmrace why` and written into docs/why/. Needs a build. Answers are
// kept, so an interrupted run goes on where it was.
//
//   node bench/why.mjs                          the tables of whole procedures, and all claims
//   node bench/why.mjs retract_page_tables      the table of one of them
//   node bench/why.mjs --claims                 what stands between `<!-- claim RELEASE SITE -->` and `<!-- end -->`

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
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
const directory = `${root}docs/why/`;

/** What `mmrace why` puts out. */
function ask(target, release, ...options) {
  process.stderr.write(`${target} on ${release}\n`);
  const args = ["apps/fuzzer/dist/main.js", "why", target, "--kernel", release, ...BOUNDS, ...options];
  const { stdout, stderr, status } = spawnSync("node", args, { cwd: root, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`mmrace why ${target} --kernel ${release} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

function pageOf(procedure) {
  return [
    `# ${procedure}`,
    "",
    `It ${PROCEDURES[procedure]}. Each row takes one guard out and says what then goes wrong in any scenario that comes to it;`,
    "a guard of a procedure that it calls is taken out of that procedure. `npx mmrace replay TOKEN` shows the counterexample.",
    "Written by `node bench/why.mjs`; a test replays every token.",
    ...RELEASES.flatMap((release) => [
      "",
      `## Linux ${release}`,
      "",
      ask(procedure, release, "--markdown", "--workers", "2"),
    ]),
    "",
  ].join("\n");
}

function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A quotation: what was asked, and what came of it. */
function claimText(release, site) {
  const [row] = JSON.parse(ask(site, release, "--json")).sites;
  const { verdict, oracle, message, preemptions, steps, scenario, token, executions, scenarios, bound } = row;
  const head = `> Linux ${release} without \`${site}\`: `;
  if (verdict === "needed") {
    const size = `${counted(preemptions, "preemption")}, ${counted(steps, "step")}, ${scenario}`;
    return `${head}**${oracle}**, ${message} (${size})\n>\n> \`${token}\``;
  }
  const where = `${counted(executions, "execution")} of ${counted(scenarios.length, "scenario")}`;
  return `${head}${verdict} of ${counted(bound.preemptionsMax, "preemption")} (${where})`;
}

function refreshClaims() {
  for (const name of readdirSync(directory).filter((file) => file.endsWith(".md"))) {
    const text = readFileSync(directory + name, "utf8");
    const claims = /<!-- claim (\S+) (\S+) -->\n[^]*?<!-- end -->/g;
    const fresh = text.replaceAll(
      claims,
      (_, release, site) =>
        `<!-- claim ${release} ${site} -->\n\n${claimText(release, site)}\n\n<!-- end -->`,
    );
    if (fresh !== text) writeFileSync(directory + name, fresh);
  }
}

const asked = process.argv.slice(2);
const isWhole = asked.length === 0;
for (const procedure of isWhole ? Object.keys(PROCEDURES) : asked.filter((word) => word !== "--claims"))
  writeFileSync(`${directory}${procedure}.md`, pageOf(procedure));
if (isWhole || asked.includes("--claims")) refreshClaims();
