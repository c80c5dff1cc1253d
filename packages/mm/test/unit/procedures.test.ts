/** A copy of any procedure finds what it needs in `@mmrace/mm/procedures`, and runs on a release in the place of the original. */

import { readdirSync, readFileSync } from "node:fs";
import { changedKernel, kernelById, linux_6_12, scenarioFamily, type ChangedProcedures } from "@mmrace/mm";
import { UsageError, exhaustive, explore, modelFingerprint } from "@mmrace/scheduler";
import { expect, test } from "vitest";

const SOURCES = new URL("../../src/", import.meta.url);
const entry = readFileSync(new URL("procedures.ts", SOURCES), "utf8");
const exported = new Set([...entry.matchAll(/\{([^}]*)\}/g)].flatMap(([, names]) => namesIn(names!)));

function namesIn(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) => name.trim().replace(/^type /, ""))
    .filter((name) => name !== "");
}

/** Files of procedures; each area has one more, which says which release has which. */
const files = readdirSync(new URL("ops/", SOURCES), { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.endsWith("ops.ts"),
);

test.each(files)("%s", (name) => {
  const text = readFileSync(new URL(`ops/${name}`, SOURCES), "utf8");
  const imports = [...text.matchAll(/^import (?:type )?\{([^}]*)\} from "\./gm)];
  expect(imports.flatMap(([, names]) => namesIn(names!)).filter((one) => !exported.has(one))).toEqual([]);
});

test("a release with a copy of its own procedure behaves the same, and is another model", () => {
  const family = scenarioFamily("retract-vs-uffd-wp");
  const copy = changedKernel(kernelById("6.12"), {
    retractPageTables: (w, file, huge) => linux_6_12.retractPageTables(w, file, huge),
  });
  expect(copy).toMatchObject({ id: "6.12+retract_page_tables", changed: ["retract_page_tables"] });
  const [changed, original] = [family.on(copy), family.on("6.12")];
  const { executions, steps } = explore(original, exhaustive({ preemptionsMax: 1 }));
  expect(explore(changed, exhaustive({ preemptionsMax: 1 }))).toMatchObject({ executions, steps });
  expect(modelFingerprint(changed)).not.toBe(modelFingerprint(original));
});

test("a change that is not at hand is asked for", () => {
  expect(() => kernelById("6.12+retract_page_tables")).toThrow(UsageError);
  expect(() => kernelById("6.12+retract_page_tables")).toThrow(/another retract_page_tables.*--with FILE/);
  const none: ChangedProcedures = {};
  expect(changedKernel(kernelById("6.12"), none).id).toBe("6.12");
});
