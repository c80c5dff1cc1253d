// The programs of suites/: not published, and so not built with the rest, but here.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Builds them and loads them. */
export async function loadSuites() {
  const tsc = createRequire(import.meta.url)
    .resolve("typescript/package.json")
    .replace(/package\.json$/, "bin/tsc");
  const project = new URL("../suites/tsconfig.build.json", import.meta.url);
  execFileSync(process.execPath, [tsc, "-p", fileURLToPath(project)], { stdio: "inherit" });
  return import("../suites/dist/index.js");
}
