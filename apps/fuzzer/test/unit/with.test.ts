/** `--with FILE`: procedures of a user in the place of a release's own. */

import { expect, test } from "vitest";
import { copy, edited, file, withoutPteLock } from "../changes.ts";
import { mmrace, violationsOf } from "../run.ts";

const SEARCH = ["--kernel", "6.18", "--strategy", "bounded", "--preemptions", "1"];
const search = (path: string, ...more: readonly string[]) =>
  mmrace("explore", "guard-vs-retract", ...SEARCH, "--with", path, ...more);

test("a copy runs as the release's own, and the result says which file it was", async () => {
  const own = await mmrace("explore", "guard-vs-retract", ...SEARCH);
  const path = file(copy);
  const same = await search(path);
  const { executions, steps } = own.parsed;
  expect(same.parsed).toMatchObject({ executions, steps, exitCode: 0, kernel: "6.18+retract_page_tables" });
  expect(same.parsed["with"]).toEqual([
    { file: path, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), procedures: ["retract_page_tables"] },
  ]);
  expect(own.parsed).not.toHaveProperty("with");
  expect(same.text).toContain(`With retract_page_tables of ${path} (sha256 `);
});

test("a finding's token replays and minimizes with the change, and without it tells what is missing", async () => {
  const path = withoutPteLock();
  const run = await search(path);
  const { oracle, token } = violationsOf(run)[0]!;
  expect(oracle).toBe("lost guard");
  expect(run.text).toContain(`npx mmrace replay --with ${path} ${token}`);
  const replayed = await mmrace("replay", token, "--with", path);
  expect(replayed.parsed).toMatchObject({ replay: "reproduced", exitCode: 3, with: [{ file: path }] });
  expect((await mmrace("minimize", token, "--with", path, "--executions", "50")).exitCode).toBe(3);
  await expect(mmrace("replay", token)).rejects.toThrow(/another retract_page_tables.*--with FILE/);
});

test("a token does not replay on another version of the change, nor on a change of something else", async () => {
  const { token } = violationsOf(await search(withoutPteLock()))[0]!;
  expect((await mmrace("replay", token, "--with", file(copy))).exitCode).toBe(4);
  const other = file(copy.replace("function* retractPageTables(", "function* collapseFile("));
  await expect(mmrace("replay", token, "--with", other)).rejects.toThrow(
    /made on another retract_page_tables, and .* has another collapse_file\. Give the files/,
  );
});

test("a token of the release is none of the change", async () => {
  const ablated = ["--ablate", "retract_page_tables/spin_lock/pte_lock"];
  const planted = await mmrace("explore", "guard-vs-retract", ...SEARCH, ...ablated);
  const { token } = violationsOf(planted)[0]!;
  await expect(mmrace("replay", token, "--with", file(copy))).rejects.toThrow(
    /made on 6\.18 as it is.*Leave --with out/,
  );
});

test("fuzz finds the same, and says which file it was", async () => {
  const path = withoutPteLock();
  const fuzz = await mmrace(
    "fuzz",
    "guard-vs-retract",
    "--kernel",
    "6.18",
    "--with",
    path,
    "--executions",
    "500",
  );
  expect(violationsOf(fuzz).map(({ oracle }) => oracle)).toContain("lost guard");
  expect(fuzz.parsed["with"]).toMatchObject([{ file: path }]);
  const jsfuzz = mmrace("fuzz", "guard-vs-retract", "--with", path, "--engine", "jsfuzz");
  await expect(jsfuzz).rejects.toThrow(/--with goes with --engine native/);
});

test("why asks what the locks of the change are for, and its answers are not those of the release", async () => {
  const site = "retract_page_tables/spin_lock/pte_lock";
  const only = ["--scenario", "guard-vs-retract", "--preemptions", "1", "--executions", "300", "--no-cache"];
  const args = [site, "--kernel", "6.18", ...only, "--columns", "--with", file(copy)];
  const why = await mmrace("why", ...args);
  expect(why.parsed).toMatchObject({
    kernel: "6.18+retract_page_tables",
    sites: [{ site, verdict: "needed", oracle: "lost guard" }],
    with: [{ procedures: ["retract_page_tables"] }],
  });
  expect(why.text).toContain("*** lost guard");
});

const exportedAs = (text: string): string =>
  edited(["export function* retractPageTables(", `${text}\nfunction* retractPageTables(`]);

test.each([
  ["a record that is the default", "export default { retractPageTables };"],
  ["under the kernel's name", "export { retractPageTables as retract_page_tables };"],
  ["a default with a name of its own", "export default retractPageTables;"],
])("%s", async (_how, text) => {
  expect((await search(exportedAs(text))).parsed).toMatchObject({
    kernel: "6.18+retract_page_tables",
    exitCode: 0,
  });
});

test("a type that is imported without the word is none of what must exist", async () => {
  const path = edited(["type Steps }", "Steps }"], ["import type { PageTable }", "import { PageTable }"]);
  expect((await search(path)).exitCode).toBe(0);
});

test("two files, of two procedures; not of one", async () => {
  const flush = file(
    [
      'import { dropped } from "./dropped.ts";',
      'import type { MmStruct, PmdSlot, World } from "@mmrace/mm";',
      'import type { Steps } from "@mmrace/scheduler";',
      'import type { Entry } from "@mmrace/x86-paging";',
      "export function* pmdpCollapseFlush(_w: World, mm: MmStruct, slot: PmdSlot): Steps<Entry> {",
      "  return yield* dropped(mm, slot);",
      "}",
    ].join("\n"),
  );
  const parts = (statement: string): string =>
    file(
      [
        'import { flushTlbMm, type MmStruct, type PmdSlot } from "@mmrace/mm";',
        'import { xchg, type Steps } from "@mmrace/scheduler";',
        'import { NONE_ENTRY, type Entry } from "@mmrace/x86-paging";',
        "export function* dropped(mm: MmStruct, slot: PmdSlot): Steps<Entry> {",
        "  const old = yield* xchg(slot, NONE_ENTRY);",
        `  ${statement}`,
        "  return old;",
        "}",
      ].join("\n"),
      "dropped.ts",
    );
  const hashes = async () =>
    (await search(file(copy), "--with", flush)).parsed["with"] as { sha256: string }[];
  parts("yield* flushTlbMm(mm);");
  const before = await hashes();
  expect(before).toMatchObject([
    { procedures: ["retract_page_tables"] },
    { procedures: ["pmdp_collapse_flush"] },
  ]);
  parts("yield* flushTlbMm(mm); // The file that is imported counts too.");
  const after = await hashes();
  expect(after[0]!.sha256).toBe(before[0]!.sha256);
  expect(after[1]!.sha256).not.toBe(before[1]!.sha256);
  await expect(search(file(copy), "--with", withoutPteLock())).rejects.toThrow(
    /^Both .* and .* export retract_page_tables\. Give one of them/,
  );
});
