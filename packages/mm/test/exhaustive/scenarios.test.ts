/**
 * Every family on every long-lived release: nothing is found with up to one preemption, where the release has no bug of
 * the catalogue. That is a bound: more is searched in cross-check.test.ts, catalogue.test.ts and faults.test.ts.
 */

import { KERNEL_ASSERTION, RMAP_INDEX, scenarioFamilies, TABLE_SHAPE, UFFD_EVENT_LOST } from "@mmrace/mm";
import { exhaustive, explore } from "@mmrace/scheduler";
import { expect, test } from "vitest";

/** Real bugs of these releases that one preemption shows, by family. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, readonly [bug: string, oracle: string]>>>> = {
  "6.1": { "collapse-file-vs-uffd-missing": ["T1-12", UFFD_EVENT_LOST] },
  "6.6": {
    "mremap-vs-retract": ["T1-01", TABLE_SHAPE],
    "cpmt-vs-uffdcopy": ["R-06", KERNEL_ASSERTION],
    "cpmt-vs-uffdcopy-and-neighbour": ["R-06", KERNEL_ASSERTION],
    "continue-vs-retract": ["R-06", KERNEL_ASSERTION],
  },
  "6.12": {
    "uffdmove-vs-swap": ["T1-14, and before it c50f8e6053b0", RMAP_INDEX],
    "uffdmove-vs-migration": ["T1-15", TABLE_SHAPE],
  },
  "6.14": {
    "uffdmove-vs-swap": ["T1-14", RMAP_INDEX],
    "uffdmove-vs-migration": ["T1-15", TABLE_SHAPE],
  },
};

const RELEASES = ["6.1", "6.6", "6.12", "6.14", "6.18"];

/** Searched on these releases and on their own, each with what it is known for there. */
const ROWS = scenarioFamilies.flatMap((family) =>
  [...new Set([...RELEASES, family.kernelDefault])].map(
    (release) => [family.name, release, KNOWN[release]?.[family.name], family] as const,
  ),
);

test.each(ROWS)("%s on %s: %j", (_name, release, known, family) => {
  const search = exhaustive({ preemptionsMax: 1 });
  const { violations, unreached } = explore(family.on(release), search, { stopAtFirst: false });
  const oracles = [...new Set(violations.map(({ oracle }) => oracle))];
  // What the catalogue's older releases show is a matter of catalogue.test.ts.
  if (RELEASES.includes(release)) expect(oracles).toEqual(known === undefined ? [] : [known[1]]);
  if (release === family.kernelDefault) expect(unreached).toEqual([]);
});

test("every bug that is known here is of a family that there is", () => {
  const names = scenarioFamilies.map(({ name }) => name);
  for (const families of Object.values(KNOWN))
    expect(names).toEqual(expect.arrayContaining(Object.keys(families)));
});
