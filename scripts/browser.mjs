// A browser for the test that clicks through the report page.

import { ensureProgram } from "./debian-program.mjs";

/** @returns whether the tests can go on. */
export function ensureBrowser() {
  return ensureProgram({
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    package: "chromium",
    variable: "MMRACE_BROWSER",
    test: "the test of the report page",
  });
}
