/** Every claim of docs/why and every finding of docs/findings replays. */

import { readdirSync, readFileSync } from "node:fs";
import { scenarioOf } from "@mmrace/mm";
import { decodeToken, replayToken } from "@mmrace/scheduler";
import { expect, test } from "vitest";

const FOLDERS = ["why", "findings"].map((name) => new URL(`../../../../docs/${name}/`, import.meta.url));

/** Its token needs a file that with-page.test.ts makes. */
const OWN_CHANGE = "bring-your-own-change.md";

const pages = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md") && name !== OWN_CHANGE)
    .map((name) => [name, readFileSync(new URL(name, folder), "utf8")] as const),
);

const tokens = pages.flatMap(([name, text]) =>
  [...new Set(text.match(/\bmmr1\.[\w-]+/g) ?? [])].map((token) => [name, token] as const),
);

test("there are pages, and they have evidence", () => {
  expect(pages.length).toBeGreaterThan(5);
  expect(tokens.length).toBeGreaterThan(20);
});

test.each(tokens)("%s: %s", (_page, token) => {
  const content = decodeToken(token);
  expect(replayToken(scenarioOf(content), content).kind).toBe("reproduced");
});
