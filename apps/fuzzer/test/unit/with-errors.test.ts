/** What is said of a file of a user that is wrong: where, what, and what to try; and exit code 2, which a `UsageError` is. */

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "@mmrace/scheduler";
import { expect, test, vi } from "vitest";
import { loadChange } from "../../src/changes/change.ts";
import { kernelWith } from "../../src/changes/changed-kernels.ts";
import { checkTypes } from "../../src/changes/type-check.ts";
import { copy, edited, file, folder, PTE_LOCK, PTE_UNLOCK } from "../changes.ts";
import { mmrace } from "../run.ts";

async function messageOf(path: string): Promise<string> {
  const run = mmrace(
    "explore",
    "guard-vs-retract",
    "--kernel",
    "6.18",
    "--strategy",
    "bounded",
    "--with",
    path,
  );
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

test.each([
  [
    "no such file",
    () => join(folder, "none.ts"),
    /^There is no file .*none\.ts\. --with takes a TypeScript file/,
  ],
  ["a folder", () => folder, /^There is no file /],
  [
    "syntax",
    () => edited(["const { mm } = vma;", "const { mm } == vma;"]),
    /change-\d+\.ts:81:\d+: syntax error: /,
  ],
  ["nothing exported", () => file("export {};"), /exports no procedure\. Export those that take the place/],
  [
    "a name that is no procedure",
    () => edited(["function* retractPageTables(", "function* retractPageTable("]),
    /exports "retractPageTable", which is no procedure of the model\. Did you mean retractPageTables\?/,
  ],
  [
    "a name in the kernel's spelling",
    () => file("export function* retract_pagetables() {}"),
    /exports "retract_pagetables", .* Did you mean retract_page_tables\?/,
  ],
  [
    "a helper that is exported",
    () => edited(["function coversHugePage", "export function coversHugePage"]),
    /exports "coversHugePage", which is no procedure.*must not be exported/,
  ],
  [
    "a function that is no generator",
    () => file("export const retractPageTables = () => 3;"),
    /exports retractPageTables, which is a function that is no generator\. .*export function\* retractPageTables/,
  ],
  [
    "a value",
    () => file("export const retract_page_tables = 3;"),
    /which is of type number\. A procedure is/,
  ],
  [
    "an import that one of our modules does not have",
    () => edited(["  spinLock,\n", "  spinLok,\n"], ["spinLock(slot", "spinLok(slot"]),
    /change-\d+\.ts:12: @mmrace\/locks has no export "spinLok"\. Did you mean .*spinLock/,
  ],
  [
    "a module that does not exist",
    () => file('import x from "nope";\nexport function* retractPageTables() { x(); }'),
    /imports "nope", which is not found\. Of mmrace it can import @mmrace\/locks, @mmrace\/mm,/,
  ],
  [
    "a throw when it is loaded",
    () => file("\nnull.x;\nexport {};"),
    /\.ts:2: failed when it was loaded: Cannot read/,
  ],
  [
    "types",
    () => edited(['"nr_ptes", -1', '"nr_pts", -1']),
    /^The types of .*\.ts do not fit:\n.*\.ts\(\d+,\d+\): error TS2345: .*"nr_pts"/,
  ],
  [
    "a throw when it runs",
    () => edited(["const { mm } = vma;", "const { mm } = vma;\n  (null as unknown as { x: number }).x++;"]),
    /change-\d+\.ts:82: retract_page_tables threw: Cannot read properties of null/,
  ],
] as const)("%s", async (_what, path, message) => {
  expect(await messageOf(path())).toMatch(message);
});

/** Statement of the copy, what stands in its place, and the call that nobody performs. */
test.each([
  [
    "a dropped operation",
    PTE_LOCK,
    PTE_LOCK.replace("yield* ", ""),
    "spinLock(table.ptl, SINGLE_DEPTH_NESTING)",
  ],
  [
    "a dropped procedure",
    "yield* w.kernel.pteFreeDefer",
    "w.kernel.pteFreeDefer",
    "w.kernel.pteFreeDefer(w, table)",
  ],
  ["a yield without its star", PTE_UNLOCK, PTE_UNLOCK.replace("yield*", "yield"), "spinUnlock(table.ptl)"],
  ["a condition", "if (yield* readOnce(vma.anonVma))", "if (readOnce(vma.anonVma))", "readOnce(vma.anonVma)"],
  [
    "an operand",
    "(yield* readOnce(vma.mm.users)) === 0",
    "(readOnce(vma.mm.users) as unknown as number) === 0",
    "readOnce(vma.mm.users)",
  ],
  [
    "half of a condition",
    "if (!isTaken) yield* w.kernel.pmdpCollapseFlush(w, mm, slot);",
    "if (!isTaken && w.kernel.pmdpCollapseFlush(w, mm, slot)) w.reached.add('x');",
    "w.kernel.pmdpCollapseFlush(w, mm, slot)",
  ],
  [
    "an iteration",
    "of yield* readOnce(file.vmas))",
    "of readOnce(file.vmas) as unknown as Iterable<Vma>)",
    "readOnce(file.vmas)",
  ],
  [
    "a helper's result that is kept",
    "yield* unlink(w, vma, slot);",
    "const later = unlink(w, vma, slot); void later;",
    "unlink(w, vma, slot)",
  ],
  [
    "an operation that is kept",
    PTE_UNLOCK,
    "const undo = spinUnlock(table.ptl); void undo;",
    "spinUnlock(table.ptl)",
  ],
])("%s without yield*", async (_what, from, to, call) => {
  const message = await messageOf(edited([from, to]));
  expect(message).toMatch(/^\/.*change-\d+\.ts:\d+:\d+: /);
  expect(message).toContain(
    `: ${call} is made here and never performed: a yield* is missing. Write: yield* ${call}`,
  );
});

test("an operation that is kept and performed later is fine", async () => {
  const path = edited([PTE_UNLOCK, "const undo = spinUnlock(table.ptl);\n  yield* undo;"]);
  const run = await mmrace(
    "explore",
    "guard-vs-retract",
    "--kernel",
    "6.18",
    "--strategy",
    "bounded",
    "--with",
    path,
  );
  expect(run.exitCode).toBe(0);
});

test("a file that was edited while workers run it", () => {
  const path = file(copy);
  expect(kernelWith("6.18", [loadChange(path)]).id).toBe("6.18+retract_page_tables");
  const source = { file: path, sha256: "of another text" };
  expect(() => kernelWith("6.18", [source])).toThrow(/was edited while it was being run/);
});

test("without a typescript anywhere, types are not checked, and that is said", () => {
  const warned = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  checkTypes([file(copy.replace('"nr_ptes", -1', '"nr_pts", -1'))], () => undefined);
  expect(warned.mock.calls.flat().join("")).toMatch(
    /types of change-\d+\.ts are not checked, as no typescript is installed/,
  );
  warned.mockRestore();
});

test("the typescript beside the file goes first", () => {
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  const ours = fileURLToPath(new URL("../../../../node_modules/typescript", import.meta.url));
  symlinkSync(ours, join(folder, "node_modules", "typescript"), "junction");
  expect(() => checkTypes([file('export const x: number = "a";')])).toThrow(/error TS2322/);
  expect(() =>
    checkTypes([file("export const x: number = 1;"), file("export const y = 2;", "plain.js")]),
  ).not.toThrow();
});
