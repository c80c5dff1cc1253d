// Installing and building on demand, with nothing but Node and npm. Used by the bootstrap and by the launcher.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const installedStamp = join(root, "node_modules", ".modules.yaml");
const builtStamp = join(root, "node_modules", ".mmrace-built");

const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH}`,
};

/** Refuses a Node that is too old, in one sentence. */
export function checkNode() {
  const [needMajor, needMinor] = manifest.engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  console.error(`mmrace needs Node ${manifest.engines.node}; this is ${process.version}.`);
  process.exit(1);
}

/** Runs a command in the root and returns its exit code. `quiet` sends its output to standard error. */
export function run(command, args, { quiet = false, cwd = root } = {}) {
  const stdio = quiet ? ["inherit", 2, 2] : "inherit";
  const result = spawnSync(command, args, { cwd, stdio, env, shell: process.platform === "win32" });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

function mustRun(command, args, options) {
  const status = run(command, args, options);
  if (status !== 0) process.exit(status);
}

/** Installs everything when the lockfile is newer than what is installed. */
export function ensureInstalled() {
  const lockfile = join(root, "pnpm-lock.yaml");
  if (existsSync(installedStamp) && statSync(installedStamp).mtimeMs >= statSync(lockfile).mtimeMs) return;
  const pnpm = manifest.packageManager.split("+")[0];
  mustRun("npx", ["--yes", pnpm, "install", "--frozen-lockfile", "--prefer-offline"], { quiet: true });
}

/** Builds everything when a source is newer than the last build. */
export function ensureBuilt() {
  const built = existsSync(builtStamp) ? statSync(builtStamp).mtimeMs : 0;
  if (newestSource() <= built && existsSync(join(root, "apps/fuzzer/dist/main.js"))) return;
  mustRun("turbo", ["run", "build", "--output-logs=errors-only"], { quiet: true });
  writeFileSync(builtStamp, "");
}

function newestSource() {
  let newest = 0;
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group))) {
      for (const part of ["src", "fuzz"]) newest = Math.max(newest, newestIn(join(root, group, name, part)));
      newest = Math.max(newest, statSync(join(root, group, name, "package.json")).mtimeMs);
    }
  }
  return newest;
}

function newestIn(folder) {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
