/** `mmrace list`: everything there is, and sites that can be removed. */

import { bugs, kernels, oracleNotes, proposals, scenarioFamilies } from "@mmrace/mm";
import { describe, expect, test } from "vitest";
import { mmrace } from "../run.ts";

describe("list", () => {
  test.each([
    ["scenarios", scenarioFamilies.length],
    ["kernels", kernels.length + proposals.length],
    ["bugs", bugs.length],
    ["oracles", Object.keys(oracleNotes).length],
    ["strategies", 13],
  ])("%s", async (what, count) => {
    const run = await mmrace("list", what, "--json");
    expect(run.exitCode).toBe(0);
    expect(run.parsed[what]).toHaveLength(count);
    expect(run.text.split("\n")).toHaveLength(count + 1);
  });

  test("sites are found by running, and each can be removed", async () => {
    const sites = (await mmrace("list", "sites", "retract-vs-uffdcopy", "--json")).parsed[
      "sites"
    ] as readonly { site: string }[];
    expect(sites.map(({ site }) => site)).toContain("retract_page_tables/spin_lock/pte_lock");
    // A sample: with the search that found them, so that each is come to.
    for (const { site } of sites.filter((_, at) => at % 10 === 0)) {
      const bounded = ["--strategy", "bounded", "--preemptions", "1", "--ablate", site];
      await mmrace("explore", "retract-vs-uffdcopy", ...bounded);
    }
  });
});
