/** Generated programs on every release: they set up and run under any schedule, and what they show is known. */

import { generateProgram, mutateProgram, programScenario, programText } from "@mmrace/mm/programs";
import { explore, pct, Prng, random } from "@mmrace/scheduler";
import { expect, test } from "vitest";

/** What programs of any kind have shown on releases where nothing is known to be fixed later: docs/findings. */
const KNOWN: readonly RegExp[] = [
  /^lost marker @ retract_page_tables/, // Poison markers of shared mappings go with their table.
  /^lost entry @ (pte_free_defer|retract_page_tables)/, // The same, seen when the table goes.
  /^lost guard @ mfill_atomic_install_pte/, // A fill takes the place of a guard marker.
  /^lost guard @ zap_nonpresent_ptes/, // Truncation takes guard markers away.
  /^lost guard @ pmdp_collapse_flush/, // A guard comes while collapse_pte_mapped_thp holds no PTE lock.
  /^lost marker @ collapse_pte_mapped_thp/, // The same with poison.
  /^lost dirty @ end/, // The dirty bit of a huge page of shmem.
];

test.each(["6.1", "6.6", "6.9", "6.11", "6.12", "6.14", "6.17-rc1", "6.18"])(
  "on %s programs run under random schedules, and show nothing new",
  (release) => {
    for (let seed = 0; seed < 40; seed++) {
      const prng = new Prng(seed);
      const generated = generateProgram(prng);
      const program = seed % 2 === 0 ? generated : mutateProgram(prng, generated);
      const scenario = programScenario(program, release);
      for (const strategy of [
        random({ randomSeed: seed, executionsMax: 8 }),
        pct({ randomSeed: seed, executionsMax: 8, depth: 3 }),
      ]) {
        const { violations } = explore(scenario, strategy, { stopAtFirst: false });
        const unknown = violations.filter(({ signature }) => !KNOWN.some((known) => known.test(signature)));
        expect(unknown, programText(program)).toEqual([]);
      }
    }
  },
);
