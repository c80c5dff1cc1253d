/** Types of a user's file, checked by the TypeScript that is installed there, or beside mmrace. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { UsageError } from "@mmrace/scheduler";
import { warn } from "../report/warn.ts";
import { ourModules } from "./translate.ts";

/** How many errors a message shows. */
const SHOWN_MAX = 5;

/**
 * Checks the types of files.
 *
 * @param files absolute paths.
 * @param findCompiler the compiler's program for a file.
 * @throws {UsageError} with the first errors. Without a TypeScript it only says that types are not checked.
 */
export function checkTypes(
  files: readonly string[],
  findCompiler: (file: string) => string | undefined = compilerFor,
): void {
  const typed = files.filter((file) => /\.[cm]?ts$/.test(file));
  const [first] = typed;
  if (first === undefined) return;
  const compiler = findCompiler(first);
  if (compiler === undefined) {
    warn(
      `The types of ${typed.map((file) => basename(file)).join(", ")} are not checked, as no typescript is installed there ` +
        "or beside mmrace (npm install --save-dev typescript). Syntax, imports, exports and every yield* are.",
    );
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "mmrace-types-"));
  try {
    const project = join(folder, "tsconfig.json");
    writeFileSync(project, JSON.stringify(settingsFor(typed)));
    const { status, stdout, error } = spawnSync(
      process.execPath,
      [compiler, "--project", project, "--pretty", "false"],
      { cwd: dirname(first), encoding: "utf8" },
    );
    if (error !== undefined) throw error;
    if (status !== 0) throw new UsageError(errorsText(typed, stdout));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compiler's program, looked for from the file upwards, then from here. */
function compilerFor(file: string): string | undefined {
  for (const from of [file, import.meta.url]) {
    const manifest = resolved(from, "typescript/package.json");
    if (manifest === undefined) continue;
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly bin: { readonly tsc: string } };
    return join(dirname(manifest), bin.tsc);
  }
  return undefined;
}

function resolved(from: string, specifier: string): string | undefined {
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return undefined;
  }
}

function settingsFor(files: readonly string[]): object {
  return {
    files,
    compilerOptions: {
      target: "ES2022",
      // DOM for console, which files without Node's types know from there.
      lib: ["ES2023", "DOM"],
      types: [],
      module: "ESNext",
      moduleResolution: "Bundler",
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      noImplicitOverride: true,
      skipLibCheck: true,
      customConditions: ["@mmrace/source"],
      paths: Object.fromEntries(ourModules.map((specifier) => [specifier, [declarationsOf(specifier)]])),
    },
  };
}

/** Where the types of one of our modules are: the declarations of a build, or the sources. */
function declarationsOf(specifier: string): string {
  const [scope, name, entry = "index"] = specifier.split("/");
  const manifest = resolved(import.meta.url, `${scope}/${name}/package.json`);
  if (manifest === undefined)
    throw new UsageError(`${specifier} is not installed beside mmrace: install it again.`);
  const declarations = join(dirname(manifest), "dist", `${entry}.d.ts`);
  return existsSync(declarations) ? declarations : join(dirname(manifest), "src", `${entry}.ts`);
}

function errorsText(files: readonly string[], output: string): string {
  const errors = output.split("\n").filter((line) => line.trim() !== "");
  const more = errors.length > SHOWN_MAX ? `\n(${errors.length - SHOWN_MAX} more lines)` : "";
  return `The types of ${files.join(", ")} do not fit:\n${errors.slice(0, SHOWN_MAX).join("\n")}${more}`;
}
