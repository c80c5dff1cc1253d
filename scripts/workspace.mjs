// Installing and building on demand, with nothing but Node and npm. Used by the bootstrap and by the launcher.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
/** What `mmrace` runs once everything is built. */
export const program = join(root, "apps", "fuzzer", "dist", "main.js");

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

/** Runs a command in the root and returns its exit code. `stdio` is Node's; by default everything goes to the terminal. */
export function run(command, args, stdio = "inherit") {
  const result = spawnSync(command, args, { cwd: root, stdio, env, shell: process.platform === "win32" });
  if (result.error) throw result.error;
  if (result.status !== 0) process.stderr.write(Buffer.concat((result.output ?? []).filter(Buffer.isBuffer)));
  return result.status ?? 1;
}

function mustRun(command, args, stdio) {
  if (run(command, args, stdio) !== 0) process.exit(1);
}

/** Installs everything when the lockfile is newer than what is installed, or when npm has installed the root alone. */
export function ensureInstalled() {
  const modules = join(root, "node_modules");
  if (existsSync(join(modules, ".package-lock.json"))) rmSync(modules, { recursive: true });
  const installed = existsSync(installedStamp) ? statSync(installedStamp).mtimeMs : 0;
  if (installed >= statSync(join(root, "pnpm-lock.yaml")).mtimeMs) return;
  const pnpm = manifest.packageManager.split("+")[0];
  mustRun("npx", ["--yes", pnpm, "install", "--frozen-lockfile", "--prefer-offline"], ["inherit", 2, 2]);
  // pnpm leaves the file alone when there was nothing to do.
  utimesSync(installedStamp, new Date(), new Date());
  leaveNpmAnEmptyLockfile();
}

/** Without a lockfile npm starts from what is in node_modules, and falls over pnpm's links. Not tracked. */
function leaveNpmAnEmptyLockfile() {
  const lockfile = join(root, "package-lock.json");
  if (existsSync(lockfile)) return;
  writeFileSync(lockfile, JSON.stringify({ lockfileVersion: 3, requires: true, packages: { "": {} } }));
}

/** Builds everything when a source is newer than the last build. */
export function ensureBuilt() {
  const built = existsSync(builtStamp) && existsSync(program) ? statSync(builtStamp).mtimeMs : 0;
  if (newestSource() <= built) return;
  console.error("Building mmrace ...");
  build();
}

/** Builds everything, and says something only when that fails. */
export function build() {
  const start = new Date();
  mustRun("turbo", ["run", "build", "--output-logs=errors-only", "--log-prefix=none"], "pipe");
  for (const folder of packageFolders()) removeOrphans(join(folder, "dist"), join(folder, "src"));
  writeFileSync(builtStamp, "");
  // Not when it ended: a source that changed during the build is newer.
  utimesSync(builtStamp, start, start);
}

/** tsc leaves the output of a source that is gone, and it would be packed. */
function removeOrphans(dist, src) {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    const path = join(dist, entry.name);
    const source = join(src, entry.name.replace(/\.(js|d\.ts)(\.map)?$/, ".ts"));
    if (entry.name !== ".tsbuildinfo" && !existsSync(source)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) removeOrphans(path, source);
  }
}

function packageFolders() {
  const folders = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  );
  return folders.filter((folder) => existsSync(join(folder, "package.json")));
}

function newestSource() {
  const parts = ["package.json", "tsconfig.json", "rolldown.config.mjs", "src", "fuzz", "page"];
  const sources = packageFolders().flatMap((folder) => parts.map((part) => join(folder, part)));
  return Math.max(...[...sources, join(root, "tsconfig.base.json")].map(newestUnder));
}

function newestUnder(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  // The folder's own time tells of files that were removed.
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestUnder(join(path, name))));
}
