/** Every row of both vector files, evaluated on real kernel headers, must agree; counted per helper. */

import { expect, test } from "vitest";
import { LINUX_6_1, LINUX_6_12, type EntryLayout } from "../../src/index.ts";
import { answer, readVectors, type VectorRow } from "../vectors.ts";

const RELEASES: readonly (readonly ["6.1" | "6.12", EntryLayout, number, number])[] = [
  // Rows and helpers as test/fixtures/README.md gives them.
  ["6.1", LINUX_6_1, 18_344, 173],
  ["6.12", LINUX_6_12, 27_269, 194],
];

interface Tally {
  rows: number;
  agree: number;
  firstDifference: string | undefined;
}

function tallyByHelper(rows: readonly VectorRow[], layout: EntryLayout): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const row of rows) {
    const tally = tallies.get(row.f) ?? { rows: 0, agree: 0, firstDifference: undefined };
    tallies.set(row.f, tally);
    const ours = answer(row, layout);
    tally.rows++;
    if (ours === row.r) tally.agree++;
    else tally.firstDifference ??= `${JSON.stringify(row)}: ours is ${ours}`;
  }
  return tallies;
}

for (const [release, layout, rowsExpected, helpersExpected] of RELEASES) {
  test(`${release}: every helper of the header vectors agrees in every row`, () => {
    const tallies = tallyByHelper(readVectors(release), layout);
    const report = [...tallies].map(([f, t]) => `${f}: ${t.agree} of ${t.rows}`).sort();
    const differences = [...tallies].flatMap(([, t]) => t.firstDifference ?? []);
    const rows = [...tallies.values()].reduce((sum, tally) => sum + tally.rows, 0);

    console.log(`${release}: ${tallies.size} helpers, ${rows} rows\n  ${report.join("\n  ")}`);
    expect(differences).toEqual([]);
    expect(rows).toBe(rowsExpected);
    expect(tallies.size).toBe(helpersExpected);
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
