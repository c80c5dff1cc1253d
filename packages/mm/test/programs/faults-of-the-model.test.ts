/** What generated programs have shown that was the model's fault, and not the kernel's: silent since. */

import { readFileSync } from "node:fs";
import { parseProgram, programScenario } from "@mmrace/mm/programs";
import { explore, iterativeBound } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";

test.each([
  // A hole in a huge folio took it out of all mappings, and the markers beside the hole with it: lost guard.
  ["hole-beside-guard", "6.18", 1],
  // The second VMA of a move was locked as the first, without a subclass: lock protocol.
  ["move-vs-register", "6.9", 2],
  ["move-vs-register", "6.11", 2],
  // Flushes did not wait for a CPU that pins with interrupts off, unless its thread loads or stores: use after free.
  ["pin-vs-munmap", "6.11", 2],
  // Pages that had been moved away before MADV_DONTNEED had its lock were missed when something else was there: lost zap.
  ["dontneed-vs-mremap", "6.12", 1],
  ["dontneed-vs-mremap", "6.18", 1],
  // A page that mremap() had moved already was missed, and stores to it were, until the last one had moved: lost store.
  ["load-vs-mremap", "6.14", 1],
  ["load-vs-mremap", "6.18", 1],
  // A store to a shared page of a file was missed if its mapping was being unmapped: lost store.
  ["store-vs-munmap", "6.18", 1],
] as const)("%s on %s is silent within %i preemptions", (file, release, preemptionsMax) => {
  const program = parseProgram(readFileSync(new URL(`files/${file}.prog`, import.meta.url), "utf8"));
  const search = explore(programScenario(program, release), iterativeBound({ preemptionsMax }));
  expectNoViolation(search);
  expect(search.executions).toBeGreaterThan(50);
});
