// A browser for the test that clicks through the report page. On a CI machine it is installed when it is missing; on
// anybody's own machine nothing is installed: there the test says that it was skipped, and what to do about it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./workspace.mjs";

/** Programs that will do, in the order of preference. The test looks for the same ones. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Installs Debian's chromium where that is our affair. @returns whether the tests can go on. */
export function ensureBrowser() {
  if (isInstalled()) return true;
  if (process.env.CI !== "true") {
    console.log("No chromium or chrome is installed: the test of the report page will be skipped.");
    console.log("To have it: sudo apt-get install chromium, or name a program in MMRACE_BROWSER.");
    return true;
  }
  const mayInstall = process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;
  if (mayInstall) {
    const env = ["env", "DEBIAN_FRONTEND=noninteractive"];
    const install = [...env, "apt-get", "install", "--yes", "--no-install-recommends", "chromium"];
    const [command, ...args] = install;
    // Lists of packages may be old, or not there at all.
    run("apt-get", ["update"], "pipe");
    run(command, args, "pipe");
  }
  if (isInstalled()) return true;
  console.error(
    "The test of the report page needs a browser, and this CI machine has none: install chromium " +
      "(root on Debian gets it by itself), or name a program in MMRACE_BROWSER.",
  );
  return false;
}

function isInstalled() {
  const { MMRACE_BROWSER, PATH = "" } = process.env;
  if (MMRACE_BROWSER !== undefined) return existsSync(MMRACE_BROWSER);
  return PATH.split(delimiter).some((folder) => NAMES.some((name) => existsSync(join(folder, name))));
}
