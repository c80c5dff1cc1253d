/** The table of docs/model/invariants.md is run: what is wrong in a row makes the oracle of the row speak. */

import { readFileSync } from "node:fs";
import { spinLock, spinUnlock } from "@mmrace/locks";
import {
  ablationsOf,
  bugs,
  linux_6_18,
  oracleNotes,
  scenarioFamily,
  type Kernel,
  type KernelOps,
} from "@mmrace/mm";
import { iterativeBound, explore, without, type Exploration, type RunSettings } from "@mmrace/scheduler";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../../../../docs/model/invariants.md", import.meta.url), "utf8");

const rows = [...page.matchAll(/^\| (I\d+) +\| [^|]+ \| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(
  ([, invariant, oracle, wrong]) => [invariant!, wrong!, oracle!] as const,
);

/** Procedures that do what they must not. */
const PLANTED: Readonly<Record<string, Partial<KernelOps>>> = {
  "pml under ptl": {
    *tryGetAndClearPmd(_w, { pmdTable }) {
      yield* spinLock(pmdTable.lock);
      yield* spinUnlock(pmdTable.lock);
      return null;
    },
  },
  "mmap_lock under ptl": {
    *tryGetAndClearPmd(w) {
      const [mm] = w.mms;
      yield* w.kernel.mmapReadLock(w, mm!);
      yield* w.kernel.mmapReadUnlock(w, mm!);
      return null;
    },
  },
};

function kernelOf(release: string, planted: string | undefined): string | Kernel {
  if (planted === undefined) return release;
  expect(release).toBe("6.18");
  return { id: `6.18 with ${planted}`, ops: { ...linux_6_18, ...PLANTED[planted]! }, about: planted };
}

/** Searches what the last column of a row says, until the oracle speaks. */
function search(wrong: string, oracle: string): Exploration {
  const settings = { stopWhen: (violation: { oracle: string }) => violation.oracle === oracle };
  const upTo = iterativeBound({ preemptionsMax: 2 });
  const bug = /^bug (.+)$/.exec(wrong);
  if (bug !== null) {
    const found = bugs.find(({ id }) => id === bug[1])!;
    return explore(found.family.on(found.buggy), upTo, { ...settings, ablations: ablationsOf(found) });
  }
  const [, scenario, release, site, planted] =
    /^`([^`]+)` on ([^ ,]+)(?: without `([^`]+)`)?(?:, planted: (.+))?$/.exec(wrong)!;
  const ablations: RunSettings = site === undefined ? {} : { ablations: [without.site(site)] };
  return explore(scenarioFamily(scenario!).on(kernelOf(release!, planted)), upTo, {
    ...settings,
    ...ablations,
  });
}

test("the table has every invariant, and names oracles that there are", () => {
  const all = Array.from({ length: 12 }, (_, at) => `I${at + 1}`);
  expect([...new Set(rows.map(([invariant]) => invariant))]).toEqual(all);
  for (const [, , oracle] of rows) expect(Object.keys(oracleNotes)).toContain(oracle);
});

test.each(rows)("%s: %s shows a violation: %s", (_invariant, wrong, oracle) => {
  const { violations, unmatched } = search(wrong, oracle);
  expect(unmatched).toEqual([]);
  expect(violations.map((violation) => violation.oracle)).toContain(oracle);
});
