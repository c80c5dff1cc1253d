/** Every row of both vector files, evaluated on real kernel headers, must agree; counted per helper. */

import { expect, test } from "vitest";
import { LINUX_6_1, LINUX_6_12, type EntryLayout } from "../../src/index.ts";
import { answer, compareVectors, readVectors } from "../vectors.ts";

const RELEASES: readonly (readonly ["6.1" | "6.12", EntryLayout, number, number])[] = [
  // Rows and helpers as test/fixtures/README.md gives them.
  ["6.1", LINUX_6_1, 18_344, 173],
  ["6.12", LINUX_6_12, 27_269, 194],
];

for (const [release, layout, rowsExpected, helpersExpected] of RELEASES) {
  test(`${release}: every helper of the header vectors agrees in every row`, () => {
    const tallies = compareVectors(readVectors(release), layout);
    const report = tallies.map(({ helper, agree, rows }) => `${helper}: ${agree} of ${rows}`).sort();
    const differences = tallies.flatMap(({ firstDifference }) => firstDifference ?? []);
    const rows = tallies.reduce((sum, tally) => sum + tally.rows, 0);

    console.log(`${release}: ${tallies.length} helpers, ${rows} rows, ${differences.length} mismatches`);
    console.log(report.join(", "));
    expect(differences).toEqual([]);
    expect(rows).toBe(rowsExpected);
    expect(tallies.length).toBe(helpersExpected);
  });
}

test("the comparison can see: the wrong release's layout disagrees in hundreds of rows", () => {
  const wrong = readVectors("6.1").filter((row) => answer(row, LINUX_6_12) !== row.r).length;
  expect(wrong).toBeGreaterThan(500);
  expect(wrong).toBeLessThan(9_000);
});

test("the comparison can see: shadow-stack rows disagree when shadow stacks are off", () => {
  const rows = readVectors("6.12").filter((row) => row.shstk === 1);
  const off = { shadowStack: false, levels: 5 } as const;
  const wrong = rows.filter((row) => answer(row, LINUX_6_12, off) !== row.r);
  expect(new Set(wrong.map((row) => row.f))).toEqual(
    new Set(["pmd_shstk", "pmd_write", "pte_shstk", "pte_write", "pud_shstk"]),
  );
});
