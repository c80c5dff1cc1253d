/** Loads a file of a user: TypeScript, outside the repository, on the very modules that the program itself runs on. */

import { existsSync, readFileSync, statSync } from "node:fs";
import * as locks from "@mmrace/locks";
import * as mm from "@mmrace/mm";
import * as procedures from "@mmrace/mm/procedures";
import * as scheduler from "@mmrace/scheduler";
import { UsageError } from "@mmrace/scheduler";
import * as paging from "@mmrace/x86-paging";
import { createJiti } from "jiti";
import { made } from "./forgotten.ts";
import { instrument, MADE_MODULE } from "./instrument.ts";

/** What a user's file can import of ours. */
const OURS: Readonly<Record<string, object>> = {
  "@mmrace/locks": locks,
  "@mmrace/mm": mm,
  "@mmrace/mm/procedures": procedures,
  "@mmrace/scheduler": scheduler,
  "@mmrace/x86-paging": paging,
};

/** The specifiers that a user's file can import of ours. */
export const ourModules: readonly string[] = Object.keys(OURS);

/** A file that was run. */
export interface Loaded {
  readonly exports: Readonly<Record<string, unknown>>;
  /** It, and the files that it imports by relative paths, with their texts. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Runs a file.
 *
 * @param file an absolute path.
 * @throws {UsageError} when there is none, it cannot be translated, or fails; the message says where.
 */
export function load(file: string): Loaded {
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new UsageError(
      `There is no file ${file}. --with takes a TypeScript file that exports procedures, such as: ` +
        "export function* retractPageTables(w: World, file: AddressSpace): Steps<void> { ... }",
    );
  }
  const texts = new Map<string, string>();
  const problems: string[] = [];
  const plugin = instrument(OURS, {
    onFile: (name, text) => void texts.set(name, text),
    onProblem: (message) => void problems.push(message),
  });
  const jiti = createJiti(file, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    tryNative: false,
    // Without it, Babel is not told the name of the file.
    sourceMaps: true,
    virtualModules: { ...OURS, [MADE_MODULE]: { made } },
    transformOptions: { babel: { plugins: [plugin] } },
  });
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = jiti.evalModule(readFileSync(file, "utf8"), {
      id: file,
      filename: file,
      forceTranspile: true,
    }) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(problems[0] ?? reasonOf(error, file), { cause: error });
  }
  if (problems[0] !== undefined) throw new UsageError(problems[0]);
  return { exports, texts };
}

function reasonOf(error: unknown, file: string): string {
  const { message, name, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const [, what, where] = /^\w*Error: ([^]*?)\s*\n\s*(\S.*:\d+:\d+)$/.exec(message) ?? [];
  if (what !== undefined) return `${where}: syntax error: ${what.trim()}`;
  if (name === "SyntaxError") return `${file}: syntax error: ${message}`;
  const missing = /^Cannot find module '(.+?)'/.exec(message)?.[1];
  if (missing !== undefined) {
    return (
      `${file} imports "${missing}", which is not found. Of mmrace it can import ${ourModules.join(", ")}; ` +
      "other files by relative paths, and packages that are installed beside it."
    );
  }
  const line = /:(\d+):\d+/.exec(stack.split("\n").find((frame) => frame.includes(file)) ?? "")?.[1];
  return `${file}${line === undefined ? "" : `:${line}`}: failed when it was loaded: ${message}`;
}
