// Packs every published package, lints the tarballs, and uses them the way a stranger would: installed from the
// tarballs in a folder of its own, type-checked against the declarations, run. Needs a build; needs no network.

import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..", "..");
const programs = readdirSync(join(here, "programs")).map((file) => basename(file, ".ts"));
/** The exit code of a campaign that has found something. */
const VIOLATION_FOUND = 3;
const USAGE_ERROR = 2;
const scratch = mkdtempSync(join(tmpdir(), "mmrace-pack-"));

try {
  await check();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function check() {
  const packages = await pack();
  for (const one of packages) checkContents(one);
  // Settled, not all: nothing may still write into the folder when it is removed.
  const results = await Promise.allSettled([...packages.map(lint), useThem(packages)]);
  const reasons = results.flatMap(({ reason }) => (reason === undefined ? [] : [reason.message]));
  if (reasons.length > 0) fail(reasons.join("\n"));
  const names = packages.map(({ name }) => name).join(", ");
  console.log(`${names}: packed, linted, installed, type-checked, run`);
}

/** Packs the published packages and reads back what went into each tarball. */
async function pack() {
  const destination = join(scratch, "tarballs");
  mkdirSync(destination);
  const published = ["--filter", "./packages/*", "--filter", "./apps/*"];
  await run(root, bin(root, "pnpm"), [
    "--recursive",
    ...published,
    "pack",
    "--pack-destination",
    destination,
  ]);
  return Promise.all(readdirSync(destination).map((file) => unpack(join(destination, file))));
}

async function unpack(tarball) {
  const folder = join(scratch, "unpacked", basename(tarball));
  mkdirSync(folder, { recursive: true });
  await run(folder, "tar", ["-xzf", tarball]);
  const files = readdirSync(join(folder, "package"), { recursive: true });
  const manifest = readFileSync(join(folder, "package", "package.json"), "utf8");
  return { name: JSON.parse(manifest).name, tarball, files, manifest };
}

async function lint({ name, tarball }) {
  await run(here, bin(here, "publint"), ["run", tarball, "--strict"], name);
  await run(here, bin(here, "attw"), [tarball, "--profile", "esm-only"], name);
}

function checkContents({ name, files, manifest }) {
  for (const file of ["LICENSE", "README.md"]) {
    if (!files.includes(file)) fail(`${name}: no ${file} in the tarball.`);
  }
  const leak = /workspace:|catalog:|@mmrace\/source/.exec(manifest);
  if (leak !== null)
    fail(`${name}: "${leak[0]}" in the packed manifest means nothing outside this repository.`);
  const sources = new Set(files.filter((file) => file.startsWith("src/")));
  for (const file of files.filter((path) => /^dist\/.*\.js$/.test(path))) {
    const source = file.replace(/^dist/, "src").replace(/js$/, "ts");
    if (!sources.has(source)) fail(`${name}: ${file} in the tarball has no source.`);
  }
}

/** Installs all tarballs in one project, compiles the programs there, and runs them and the command line. */
async function useThem(tarballs) {
  const project = join(scratch, "project");
  cpSync(join(here, "programs"), project, { recursive: true });
  writeJson(join(project, "package.json"), {
    private: true,
    type: "module",
    dependencies: Object.fromEntries(tarballs.map(({ name, tarball }) => [name, `file:${tarball}`])),
    // The packages are not in a registry yet, and what the command line needs is installed in the repository already.
    overrides: {
      ...Object.fromEntries(tarballs.map(({ name }) => [name, `$${name}`])),
      ...localCopies(join(root, "apps", "fuzzer")),
    },
  });
  // A stranger has no tolerance for broken declarations.
  writeJson(join(project, "tsconfig.json"), compilerSettings({ skipLibCheck: false, outDir: "out" }));
  await run(project, "npm", [
    "install",
    "--offline",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--legacy-peer-deps",
    "--loglevel=error",
  ]);
  await run(project, bin(root, "tsc"), ["-p", "."]);
  for (const program of programs)
    await run(project, process.execPath, [join("out", `${program}.js`)], program);
  await run(project, bin(project, "mmrace"), ["list", "scenarios"]);
  await hunt(project);
  await changeThere(project);
  await refuseQueue(project);
  await testThere(project);
}

/** A campaign and its report, of a bug that is found within a few executions. */
async function hunt(project) {
  const mmrace = bin(project, "mmrace");
  const campaign = ["fuzz", "T1-01", "--executions", "300", "--out", "campaign"];
  await run(project, mmrace, campaign, "mmrace fuzz", VIOLATION_FOUND);
  await run(project, mmrace, ["report", "campaign"]);
  const page = readFileSync(join(project, "campaign", "report.html"), "utf8");
  // The program of the page is built apart, and would be missed only in a browser; it brings the licence of what is in it.
  if (!page.includes("Leon Sorokin") || !page.includes("mremap-vs-retract"))
    fail("mmrace report: the page lacks its program, or its data.");
}

/** Copies a procedure out of the installed sources, as docs/why/bring-your-own-change.md says, and runs it, in workers. */
async function changeThere(project) {
  const source = join(project, "node_modules/@mmrace/mm/src/ops/khugepaged/retract-page-tables.ts");
  const text = readFileSync(source, "utf8").replaceAll(/"\.\.?\/[^"]+"/g, '"@mmrace/mm/procedures"');
  const change = text.replace(/export (?=function coversHugePage|function\* retractPageTables_6_12)/g, "");
  writeFileSync(join(project, "my-retract.ts"), change);
  const search = [
    "explore",
    "guard-vs-retract",
    "--kernel",
    "6.18",
    "--strategy",
    "bounded",
    "--workers",
    "2",
  ];
  await run(project, bin(project, "mmrace"), [...search, "--with", "my-retract.ts"]);
}

/** Without the packages for a queue, which are optional, the commands that need one say which to install. */
async function refuseQueue(project) {
  const command = ["work", "--queue", "redis://127.0.0.1:6379"];
  const refusal = await promisify(execFile)(bin(project, "mmrace"), command, {
    cwd: project,
    shell: process.platform === "win32",
  }).catch((error) => error);
  const isRight =
    refusal.code === USAGE_ERROR && refusal.stderr.includes("npm install bullmq@6.7.0 ioredis@6.0.0");
  if (!isRight) fail(`mmrace work, without its packages: ${refusal.code} ${refusal.stderr}`);
}

/** Compiles and runs the tests in the project, with the repository's vitest as the one that its owner has. */
async function testThere(project) {
  const tests = join(project, "tests");
  cpSync(join(here, "tests"), tests, { recursive: true });
  const findings = join(project, "campaign", "findings");
  for (const slug of readdirSync(findings))
    cpSync(join(findings, slug, "regression.test.ts"), join(tests, `${slug}.test.ts`));
  symlinkSync(
    realpathSync(join(root, "node_modules", "vitest")),
    join(project, "node_modules", "vitest"),
    "junction",
  );
  // The declarations of vitest need more types than they bring.
  writeJson(join(tests, "tsconfig.json"), compilerSettings({ skipLibCheck: true, noEmit: true }));
  await run(tests, bin(root, "tsc"), ["-p", "."]);
  await run(tests, bin(root, "vitest"), ["run", "--root", tests]);
}

/** What the programs and tests of a stranger are compiled with. */
function compilerSettings(more) {
  return {
    compilerOptions: {
      target: "ES2022",
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      // Nobody but us has our Node types.
      types: [],
      // DOM for console, which programs without Node types know from there.
      lib: ["ES2023", "DOM"],
      ...more,
    },
    include: ["*.ts"],
  };
}

/** The registry dependencies of a package, as folders of the repository. */
function localCopies(folder) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const names = Object.keys(dependencies).filter((name) => !dependencies[name].startsWith("workspace:"));
  return Object.fromEntries(names.map((name) => [name, `file:${join(folder, "node_modules", name)}`]));
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

function bin(folder, name) {
  const windows = join(folder, "node_modules", ".bin", `${name}.cmd`);
  return existsSync(windows) ? windows : join(folder, "node_modules", ".bin", name);
}

/** Runs a command quietly; if it does not end as expected, shows what it said and ends. */
async function run(cwd, command, args, about = basename(command), expected = 0) {
  try {
    await promisify(execFile)(command, args, { cwd, shell: process.platform === "win32" });
    if (expected !== 0) fail(`${about} should have ended with ${expected}, and ended with 0.`);
  } catch ({ message, code, stdout, stderr }) {
    if (code === expected) return;
    fail(`${about}: ${message}\n${stdout}${stderr}`);
  }
}

function fail(message) {
  throw new Error(message);
}
