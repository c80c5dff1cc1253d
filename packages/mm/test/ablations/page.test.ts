/** The page docs/model/ablation-matrix.md says what a search says: a sample of its rows is searched again. */

import { readFileSync } from "node:fs";
import { scenarioFamily } from "@mmrace/mm";
import { explore, iterativeBound, without, type Exploration } from "@mmrace/scheduler";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../../../../docs/model/ablation-matrix.md", import.meta.url), "utf8");

/** Address and result of every row. */
const rows = page.split("\n## ").flatMap((section) => {
  const procedure = section.slice(0, section.indexOf("\n"));
  return [...section.matchAll(/^\| `([^`]+)` +\| +\d+ +\| ([^|]+) \|/gm)].map(([, place, result]) => ({
    site: `${procedure}/${place!}`,
    result: result!.trim(),
  }));
});

/** Rows that name a scenario and an oracle. */
const noticed = rows.flatMap(({ site, result }) => {
  const match = /^([a-z0-9-]+): (?!runs for ever|the model breaks off)(.+)$/.exec(result);
  return match === null ? [] : [[site, match[1]!, match[2]!] as const];
});

function searchWithout(site: string, scenario: string): Exploration {
  const exploration = explore(scenarioFamily(scenario).on("6.18"), iterativeBound({ preemptionsMax: 1 }), {
    ablations: [without.site(site)],
    executionsMax: 3_000,
  });
  expect(exploration.unmatched).toEqual([]);
  return exploration;
}

test("the page has the rows that its head counts", () => {
  expect(page).toContain(`${rows.length} sites:`);
  expect(noticed.length).toBeGreaterThan(250);
});

test.each(noticed.filter((_, at) => at % 25 === 0))("%s is noticed by %s: %s", (site, scenario, oracle) => {
  expect(searchWithout(site, scenario).violations.map((violation) => violation.oracle)).toContain(oracle);
});

test.each([
  ["collapse_huge_page/spin_lock/pmd_lock", "anon-collapse-vs-gup-fast"],
  ["gup_fast_pte_range/read_once/pmd", "anon-collapse-vs-gup-fast"],
])("%s is not noticed by %s", (site, scenario) => {
  expect(rows.find((row) => row.site === site)!.result).toBe("not noticed");
  expect(searchWithout(site, scenario).violations).toEqual([]);
});
