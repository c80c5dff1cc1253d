/** Recordings: what is held when, and how page tables change, on an execution that is known step by step. */

import { bugById, scenarioFamily } from "@mmrace/mm";
import { decodeToken, explore, iterativeBound } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { record, type Recording } from "../../src/report/recording.ts";

const { family, buggy, oracle } = bugById("T1-01");
const scenario = family.on(buggy);
const { token } = expectViolation(explore(scenario, iterativeBound({ preemptionsMax: 2 })), oracle);
const content = decodeToken(token);
const { trace, data } = record(scenario, content.schedule, content);
const text = (number: number): string => data.texts[number]!;

/** The first step whose text matches. */
function stepOf(pattern: RegExp): number {
  const at = data.steps.findIndex((step) => pattern.test(text(step.text)));
  expect(at).toBeGreaterThanOrEqual(0);
  return at;
}

test("has the steps of the trace", () => {
  expect(data.steps.map((step) => [step.thread, text(step.text), text(step.site)])).toEqual(
    trace.events.map(({ thread, text, site }) => [thread, text, site]),
  );
  expect(data.rows.filter(({ isProcedure }) => !isProcedure)).toHaveLength(trace.events.length);
  expect(data.rows.filter(({ isProcedure }) => isProcedure).map((row) => text(row.text))).toContain(
    "move_page_tables()",
  );
});

describe("holds", () => {
  const hold = (name: RegExp, thread: number) =>
    data.holds.find((one) => name.test(text(one.name)) && one.thread === thread);

  test("begin with the step that takes and end with the step that releases", () => {
    expect(hold(/^pml of mm1/, 1)).toMatchObject({
      mode: "exclusive",
      from: stepOf(/^spin_lock\(pml of mm1\)/),
      to: stepOf(/^spin_unlock\(pml of mm1\)/),
    });
    expect(hold(/i_mmap_rwsem/, 1)).toMatchObject({ mode: "read" });
  });

  test("last to the end where nobody released", () => {
    expect(hold(/^mmap_lock of mm1/, 0)).toMatchObject({
      mode: "exclusive",
      from: stepOf(/^down_write\(mmap_lock of mm1\)/),
      to: data.steps.length,
    });
  });
});

describe("page tables", () => {
  const history = (one: Recording["data"], table: string, cell: number) =>
    one.tables
      .find(({ title }) => title === table)!
      .cells[cell]!.values.map(({ step, text: number, names }) => [
        step,
        one.texts[number]!.replace(/ P\|.*/, ""),
        names === undefined ? undefined : one.tables[names]!.title,
      ]);

  test("change with the steps that change them, and name the tables they point to", () => {
    expect(history(data, "mm1 pmd", 0)).toEqual([
      [-1, "table pfn 0x101", "table 0x101"],
      [stepOf(/^xchg\(mm1 pmd\[0\]/), "", undefined],
    ]);
    expect(history(data, "mm1 pmd", 1)).toEqual([
      [-1, "", undefined],
      [stepOf(/^WRITE_ONCE\(mm1 pmd\[1\]/), "table pfn 0x0", undefined],
    ]);
  });

  test("go, in the words of their life", () => {
    const table = data.tables.find(({ title }) => title === "table 0x101")!;
    expect(table.life.map(({ state }) => state)).toEqual(["live", "doomed"]);
  });

  test("of another world are other tables, TLBs among them", () => {
    const run = record(scenarioFamily("dontneed-vs-store").on("6.12"), new Uint8Array(0));
    const cached = run.data.tables
      .filter(({ kind }) => kind === "tlb")
      .flatMap(({ cells }) =>
        cells.flatMap(({ values }) => values.map((value) => run.data.texts[value.text])),
      );
    expect(cached).toEqual(["level 2 at 0x7f0000000000 → table 0x102", ""]);
  });
});
