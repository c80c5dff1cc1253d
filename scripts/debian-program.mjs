// A program that a test needs and npm cannot bring. On a CI machine it is installed from Debian when it is missing; on
// anybody's own machine nothing is installed: there the test says that it was skipped, and what to do about it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./workspace.mjs";

/**
 * Installs a program where that is our affair.
 *
 * @param what.names programs that will do, in the order of preference; the test looks for the same ones
 * @param what.package the Debian package that has the first of them
 * @param what.variable names a program in the environment
 * @param what.test what cannot be tested without it
 * @returns whether the tests can go on
 */
export function ensureProgram(what) {
  if (isInstalled(what)) return true;
  const { names, test, variable } = what;
  const advice = `sudo apt-get install ${what.package}, or name a program in ${variable}`;
  if (process.env.CI !== "true") {
    console.log(`There is no ${names.join(", no ")}: ${test} will be skipped.`);
    console.log(`To have it: ${advice}.`);
    return true;
  }
  install(what.package);
  if (isInstalled(what)) return true;
  console.error(
    `${test} needs ${names.join(" or ")}, and this CI machine has none: ${advice} ` +
      "(root on Debian gets it by itself, and so does who may use sudo without a password).",
  );
  return false;
}

function install(name) {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync("sudo", ["-n", "true"]).status !== 0) return;
  if (spawnSync("apt-get", ["--version"]).status !== 0) return;
  const apt = [...(isRoot ? [] : ["sudo", "-n"]), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  const [command, ...args] = apt;
  // Lists of packages may be old, or not there at all.
  run(command, [...args, "update"], "pipe");
  run(command, [...args, "install", "--yes", "--no-install-recommends", name], "pipe");
}

function isInstalled({ names, variable }) {
  const named = process.env[variable];
  if (named !== undefined) return existsSync(named);
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}
