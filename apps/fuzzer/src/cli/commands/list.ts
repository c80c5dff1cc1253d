/** `mmrace list`: what there is to run, on what, and what watches. */

import { bugs, kernels, oracleNotes, proposals, scenarioFamilies, type ScenarioFamily } from "@mmrace/mm";
import { exhaustive, explore, type ModelThread, type Observer, type Operation } from "@mmrace/scheduler";
import { Argument, type Command } from "commander";
import { EXIT } from "../exit-code.ts";
import { familyOf, jsonOption, kernelOption, scenarioOn } from "../options.ts";
import type { CommandResult } from "../output.ts";

const WHATS = ["scenarios", "kernels", "bugs", "sites", "oracles", "strategies"] as const;
type What = (typeof WHATS)[number];
type Row = Readonly<Record<string, string>>;

/** Preemptions per execution when sites are collected; a search of all schedules takes minutes. */
const PREEMPTIONS_FOR_SITES = 1;

const strategies: readonly Row[] = [
  {
    strategy: "coverage",
    command: "fuzz",
    about: "guided mutation beside random and PCT schedules; the default",
  },
  { strategy: "random", command: "fuzz", about: "uniform random walk" },
  { strategy: "pct", command: "fuzz", about: "random priorities with change points (ASPLOS 2010), depth 3" },
  {
    strategy: "pos",
    command: "fuzz",
    about: "a random priority per operation, drawn again after a race (CAV 2018)",
  },
  {
    strategy: "surw",
    command: "fuzz",
    about: "uniform over the orders of the accesses to one location (ASPLOS 2025)",
  },
  {
    strategy: "uniform-walk",
    command: "fuzz",
    about: "uniform over interleavings, by the steps each thread has left",
  },
  {
    strategy: "dfs",
    command: "explore",
    about: "all schedules, one per equivalence class (sleep sets); the default",
  },
  {
    strategy: "dpor",
    command: "explore",
    about: "source-DPOR (POPL 2014); like dfs where properties watch every state",
  },
  {
    strategy: "optimal-dpor",
    command: "explore",
    about: "optimal DPOR (POPL 2014): nothing begun in vain; like dfs where properties watch every state",
  },
  { strategy: "interleavings", command: "explore", about: "all schedules, each one" },
  {
    strategy: "bounded",
    command: "explore",
    about: "all schedules with 0, 1, ... preemptions (PLDI 2007), or delays (POPL 2011)",
  },
  {
    strategy: "bounded-dpor",
    command: "explore",
    about: "what one bound on preemptions or delays allows, reduced (OOPSLA 2013), losing nothing of it",
  },
  {
    strategy: "states",
    command: "explore",
    about: "each state once, breadth-first: the shortest counterexample first; 64 bits of hash per state",
  },
];

/** Describes the command. */
export function defineList(program: Command): Command {
  return program
    .command("list")
    .summary("show scenarios, kernels, bugs, sites, oracles, strategies")
    .description(
      "Lists what there is. Sites are found by running the scenarios with at most one preemption: the places that --ablate can remove.",
    )
    .addArgument(new Argument("<what>", "what to list").choices(WHATS))
    .argument("[scenario]", "with sites: only those of this scenario")
    .addOption(kernelOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace list bugs\n  mmrace list sites retract-vs-uffdcopy --kernel 6.12",
    );
}

/** Runs the command. */
export function runList(
  what: What,
  scenario: string | undefined,
  options: { readonly kernel?: string },
): CommandResult {
  const rows = rowsOf(what, scenario, options.kernel);
  return { exitCode: EXIT.clean, text: tableText(rows), json: { [what]: rows } };
}

function rowsOf(what: What, scenario: string | undefined, kernel: string | undefined): readonly Row[] {
  switch (what) {
    case "scenarios":
      return scenarioFamilies.map(({ name, about, kernelDefault }) => ({
        scenario: name,
        kernel: kernelDefault,
        about,
      }));
    case "kernels":
      return [...kernels, ...proposals].map(({ id, about }) => ({ kernel: id, about }));
    case "bugs":
      return bugs.map(({ id, slug, title, cve, buggy, fixed }) => ({
        id,
        slug,
        buggy,
        fixed,
        cve: cve ?? "",
        title,
      }));
    case "oracles":
      return Object.entries(oracleNotes).map(([oracle, watches]) => ({ oracle, watches }));
    case "strategies":
      return strategies;
    case "sites":
      return sitesOf(scenario === undefined ? scenarioFamilies : [familyOf(scenario)], kernel);
  }
}

/** Notes every site whose operation an ablation can remove. */
class SiteObserver implements Observer {
  readonly sites = new Set<string>();

  onStep(_thread: ModelThread, operation: Operation<unknown>): void {
    if (operation.kind.isIndispensable !== true) this.sites.add(operation.site!.address);
  }
}

function sitesOf(families: readonly ScenarioFamily[], kernel: string | undefined): readonly Row[] {
  return families.flatMap((family) => {
    const observer = new SiteObserver();
    explore(scenarioOn(family, kernel), exhaustive({ preemptionsMax: PREEMPTIONS_FOR_SITES }), {
      observers: [observer],
      stopAtFirst: false,
    });
    return [...observer.sites].toSorted().map((site) => ({ site, scenario: family.name }));
  });
}

/** Columns padded to their widest cell; the last one is left as it is. */
function tableText(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]!))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
