// What guards of the page-table protocol are for, asked of `mmrace why` and written into docs/why/. Needs a build. Answers are
// kept in mmrace-out/why under a hash of the model, so an interrupted run goes on where it was, and after a change of the model only
// what it touches is asked anew: with all answers kept, a page takes a minute or two; with none, 5 to 15 minutes of processor time.
//
//   node bench/why.mjs                          all claims and all pages; with no answers kept an hour or two
//   node bench/why.mjs retract_page_tables      one page of tables
//   node bench/why.mjs between-releases         that page; with names of procedures behind it, only their sections
//   node bench/why.mjs --claims                 what stands between `<!-- claim RELEASE SITE [OPTIONS] -->` and `<!-- end -->`

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Pages, with the procedures that each shows; `own`: only their own guards, and none of what they call. */
const PAGES = {
  retract_page_tables: [
    {
      target: "retract_page_tables",
      about: "takes empty tables away from under all mappings of a file, without their mmap_lock since 6.6",
    },
  ],
  __pte_offset_map_lock: [
    {
      target: "__pte_offset_map_lock",
      about: "finds a table and locks it, though it may be taken away meanwhile",
    },
  ],
  "nolock-tables": [
    { target: "handle_pte_fault", own: true, about: "looks at an entry, and at it again under the lock" },
    { target: "map_pte", own: true, about: "page_vma_mapped_walk() maps a table, and looks at an entry" },
    {
      target: "lock_walked_pte",
      own: true,
      about: "page_vma_mapped_walk() locks the table that it has mapped",
    },
    {
      target: "move_pages_pte",
      own: true,
      about: "UFFDIO_MOVE of a page maps two tables, and looks at both entries; since 6.8",
    },
    { target: "lock_folio_to_move", own: true, about: "move_pages_pte() locks what its source entry maps" },
    {
      target: "is_pte_pages_stable",
      own: true,
      about: "move_pages_pte() looks at all again under both locks",
    },
    { target: "move_present_pte", own: true, about: "move_pages_pte() moves a page under both locks" },
    { target: "move_swap_pte", own: true, about: "move_pages_pte() moves a swap entry under both locks" },
    {
      target: "move_zeropage_pte",
      own: true,
      about: "move_pages_pte() moves the zero page under both locks",
    },
    {
      target: "filemap_fault_recheck_pte_none",
      own: true,
      about:
        "filemap_fault() looks whether its entry is none before it reads the file; up to 6.5 there is none",
    },
    { target: "move_ptes", own: true, about: "mremap moves entries from one table to another" },
    {
      target: "try_to_free_pte",
      own: true,
      about: "MADV_DONTNEED frees a table that it has emptied; since 6.14",
    },
  ],
  collapse_pte_mapped_thp: [
    {
      target: "collapse_pte_mapped_thp",
      about: "takes one mm's table away whose entries map pieces of a huge folio",
    },
  ],
};
const BETWEEN = "between-releases";
const BOUNDS = ["--preemptions", "2", "--executions", "1000"];
/** For procedures that nearly every scenario comes to. */
const NARROW = ["--preemptions", "2", "--executions", "300"];
/** Neither programs nor campaigns: that everybody can write the pages again in an afternoon matters more here. */
const BESIDES = ["--programs", "0", "--fuzz", "0"];
const WORKERS = process.env.MMRACE_WORKERS ?? "2";

const root = fileURLToPath(new URL("..", import.meta.url));
const directory = `${root}docs/why/`;

/** What `mmrace` puts out; undefined when no scenario comes to what was asked about. */
function mmrace(...args) {
  const { stdout, stderr, status } = spawnSync("node", ["apps/fuzzer/dist/main.js", ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 2 && stderr.includes("No scenario comes to")) return undefined;
  if (status !== 0) throw new Error(`mmrace ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** Oldest first. States of the development in between are no releases. */
const RELEASES = JSON.parse(mmrace("list", "kernels", "--json"))
  .kernels.map(({ kernel }) => kernel)
  .filter((id) => /^[0-9.]+$/.test(id));

function say(text) {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}

function effortFor(own) {
  return [...(own ? ["--own", ...NARROW] : BOUNDS), ...BESIDES, "--workers", WORKERS];
}

function ask({ target, own = false }, release, ...options) {
  say(`${target} on ${release}`);
  return mmrace("why", target, "--kernel", release, ...effortFor(own), ...options);
}

function pageOf(name) {
  const procedures = PAGES[name];
  const isAlone = procedures.length === 1;
  return [
    isAlone ? `# ${name}` : "# Callers of pte_offset_map_nolock(), guard by guard",
    "",
    isAlone ? `It ${procedures[0].about}.` : "What each means is said [on its own page](nolock-callers.md).",
    "",
    "Each row takes one guard out and says what then goes wrong in any scenario that comes to it; a guard of a procedure that it",
    "calls is taken out of that procedure. `npx mmrace replay TOKEN` shows the counterexample. Written by `node bench/why.mjs`; a",
    "test replays every token.",
    ...procedures.flatMap((procedure) => procedureText(procedure, isAlone)),
    "",
  ].join("\n");
}

function procedureText(procedure, isAlone) {
  const { target, about } = procedure;
  const answers = RELEASES.flatMap((release) => {
    const json = ask(procedure, release, "--json", "--markdown");
    return json === undefined ? [] : [{ release, ...JSON.parse(json) }];
  });
  const left = RELEASES.filter((release) => answers.every((answer) => answer.release !== release));
  const notes = left.length === 0 ? [] : ["", `On ${left.join(", ")} no scenario comes to it.`];
  return [
    ...(isAlone ? [] : ["", `## ${target}`, "", `${about}.`]),
    ...(answers.length === 0 ? [] : ["", ...matrix(answers)]),
    ...notes,
    ...answers.flatMap(({ release, markdown }) => [
      "",
      isAlone ? `## Linux ${release}` : `### ${target}, Linux ${release}`,
      "",
      markdown,
    ]),
  ];
}

/** What became needed, or redundant, and which commit did it: each release against the one before, for all that has tables. */
function betweenReleases(asked) {
  const procedures = Object.values(PAGES).flat();
  const file = `${directory}${BETWEEN}.md`;
  const [, ...kept] =
    asked.length > 0
      ? readFileSync(file, "utf8")
          .trimEnd()
          .split(/\n\n(?=## )/)
      : [];
  const sectionOf = (procedure) =>
    asked.length === 0 || asked.includes(procedure.target)
      ? comparisons(procedure)
      : kept.filter((text) => text.startsWith(`## ${procedure.target}\n`)).flatMap((text) => ["", text]);
  return [
    "# Between releases",
    "",
    "Which guards became needed, or redundant, from one release to the next, and the commit that did it: found by putting each",
    "difference that the counterexample's scenario comes to into the older release alone, and by taking it back from the newer one.",
    "A guard that came or went without being needed is named as well. All procedures that have tables are compared: one that no",
    "scenario comes to on either release is left out.",
    "Written by `node bench/why.mjs`, with `npx mmrace why TARGET --diff OLDER NEWER`; a test replays every token.",
    ...procedures.flatMap(sectionOf),
    "",
  ].join("\n");
}

/** The pairs of neighbouring releases between which something changed, each with its table; the others in one sentence. */
function comparisons(procedure) {
  const { target } = procedure;
  const pairs = RELEASES.slice(1).map((newer, at) => ({ older: RELEASES[at], newer }));
  const answers = pairs.flatMap((pair) => comparison(procedure, pair));
  if (answers.length === 0) return [];
  const same = answers.filter(({ differences }) => differences.length === 0);
  const changed = answers.filter(({ differences }) => differences.length > 0);
  const spans = same.map(({ older, newer }) => `${older} to ${newer}`).join(", ");
  return [
    "",
    `## ${target}`,
    ...changed.flatMap(({ older, newer, markdown }) => [
      "",
      `### ${target}, from ${older} to ${newer}`,
      "",
      markdown,
    ]),
    ...(same.length === 0 ? [] : ["", `No guard changed from ${spans}.`]),
  ];
}

/** Nothing where no scenario comes to the procedure on either. */
function comparison({ target, own = false }, { older, newer }) {
  say(`${target} from ${older} to ${newer}`);
  const json = mmrace("why", target, "--diff", older, newer, ...effortFor(own), "--json", "--markdown");
  return json === undefined ? [] : [{ older, newer, ...JSON.parse(json) }];
}

const CELLS = {
  needed: "needed",
  "not needed within bound": "no",
  "never executed": "never executed",
  "cannot be removed": "must stay",
};

function cellOf({ verdict, leftOut }) {
  return verdict === "not needed within bound" && leftOut.length > 0 ? "no\\*" : CELLS[verdict];
}

/** All releases at a glance. */
function matrix(answers) {
  const sites = [...new Set(answers.flatMap(({ sites }) => sites.map(({ site }) => site)))].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
  const row = (cells) => `| ${cells.join(" | ")} |`;
  return [
    row(["guard", ...answers.map(({ release }) => release)]),
    row(["guard", ...answers].map(() => "---")),
    ...sites.map((site) =>
      row([
        `\`${site}\``,
        ...answers.map(({ sites }) => {
          const found = sites.find((one) => one.site === site);
          return found === undefined ? "" : cellOf(found);
        }),
      ]),
    ),
    "",
    "no: nothing went wrong within the bound; no\\*: nor did it there, but a scenario that goes wrong with the guard in place as well",
    "says nothing on that release; empty: no scenario comes to it.",
  ];
}

function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function noScenario(site, release) {
  throw new Error(`${site}: no scenario comes to it on ${release}`);
}

/** A quotation: what was asked, and what came of it. */
function claimText(release, site, options) {
  const json = ask({ target: site }, release, "--json", ...options);
  const [row] = JSON.parse(json ?? noScenario(site, release)).sites;
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
    const claims = /(<!-- claim (\S+) (\S+)((?: --\S+ \d+)*) -->)\n[^]*?<!-- end -->/g;
    const fresh = text.replaceAll(
      claims,
      (_, head, release, site, options) =>
        `${head}\n\n${claimText(release, site, options.trim().split(" ").filter(Boolean))}\n\n<!-- end -->`,
    );
    if (fresh !== text) writeFileSync(directory + name, fresh);
  }
}

const asked = process.argv.slice(2);
const isWhole = asked.length === 0;
if (isWhole || asked.includes("--claims")) refreshClaims();
for (const name of isWhole
  ? Object.keys(PAGES)
  : asked.filter((word) => word in PAGES && !asked.includes(BETWEEN)))
  writeFileSync(`${directory}${name}.md`, pageOf(name));
if (isWhole || asked.includes(BETWEEN))
  writeFileSync(`${directory}${BETWEEN}.md`, betweenReleases(asked.filter((word) => word !== BETWEEN)));
