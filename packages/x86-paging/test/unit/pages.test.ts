/** The two generated pages of docs/model are what the tables say today. `vitest -u` rewrites them. */

import { expect, test } from "vitest";
import { entriesPage, releasesPage } from "../pages.ts";

const MODEL = new URL("../../../../docs/model/", import.meta.url).pathname;

test("docs/model/x86-entries.md is up to date", async () => {
  await expect(entriesPage()).toMatchFileSnapshot(`${MODEL}x86-entries.md`);
});

test("docs/model/x86-entries-6.1-vs-6.12.md is up to date", async () => {
  await expect(releasesPage()).toMatchFileSnapshot(`${MODEL}x86-entries-6.1-vs-6.12.md`);
});
