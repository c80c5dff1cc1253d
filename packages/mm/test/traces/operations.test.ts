/** Every operation of the lock traces of real kernels against the model. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compareTraces } from "../../src/traces/compare.ts";
import { parseTraces, type TracedOperation } from "../../src/traces/format.ts";
import { tracedOperations } from "../../src/traces/operations.ts";

function tracesOf(kernel: string): readonly TracedOperation[] {
  const path = new URL(`../fixtures/traces/traces-${kernel}.jsonl.gz`, import.meta.url);
  return parseTraces(gunzipSync(readFileSync(path)).toString("utf8"));
}

test.each([
  ["6.12", 44],
  ["6.1", 42],
])(
  "on %s the model locks and writes what the kernel does in %i operations; the others say why not",
  (kernel, equal) => {
    const verdicts = compareTraces(tracesOf(kernel));
    expect(verdicts).toHaveLength(66);
    expect(verdicts.filter(({ verdict }) => verdict === "different")).toEqual([]);
    expect(verdicts.filter(({ verdict, lines }) => verdict === "equal" && lines > 0)).toHaveLength(equal);
    const skipped = verdicts.filter(({ verdict }) => verdict === "skipped");
    expect(skipped).toHaveLength(66 - equal);
    for (const { reason } of skipped) expect(reason).toMatch(/ not modelled$|^nothing to compare: .{10}/);
  },
);

test("every operation that is known is one of the traces", () => {
  const traced = new Set(["6.12", "6.1"].flatMap((kernel) => tracesOf(kernel).map(({ op }) => op)));
  expect(new Set(tracedOperations.keys())).toEqual(traced);
});

/** A trace of the kernel with one event less, or two exchanged. */
function changed(op: string, change: (events: TracedOperation["events"]) => TracedOperation["events"]) {
  const operation = tracesOf("6.12").find((one) => one.op === op)!;
  return compareTraces([{ ...operation, events: change(operation.events) }])[0]!;
}

test("a lock that the trace does not have is a difference", () => {
  const { verdict, differences } = changed("madv_remove_shmem", (events) =>
    events.filter(({ e, lock }) => !((e === "acquire" || e === "release") && lock === "i_mmap_rwsem")),
  );
  expect(verdict).toBe("different");
  expect(differences).toContain("+ +i_mmap_rwsem#1:r");
});

test("locks that are taken the other way round are a difference", () => {
  const { verdict, differences } = changed("collapse_anon", (events) => {
    const at = (lock: string): number =>
      events.findIndex((event) => event.e === "acquire" && event.lock === lock);
    const [outer, inner] = [at("anon_vma_rwsem"), at("ptl_pmd")];
    return events.with(outer, events[inner]!).with(inner, events[outer]!);
  });
  expect(verdict).toBe("different");
  expect(differences.length).toBeGreaterThan(2);
});

test("a flush after the lock was given back is a difference", () => {
  const { verdict, differences } = changed("dontneed_shmem", (events) =>
    events.map((event) => (event.e === "flush_tlb" ? { ...event, held: ["mmap_lock#1:r"] } : event)),
  );
  expect(verdict).toBe("different");
  expect(differences).toContain("- flush_tlb under mmap_lock#1:r");
});
