/** The files of the repository that the rules look at. */

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { FOLDERS } from "./house.ts";

/** A text file. */
export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What a rule has to say about a file. */
export interface Problem {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Fixtures are data: recorded output of other programs, some of it binary. */
const DATA = /(^|\/)fixtures\/|\.(gz|png|ico)$/;

/** In a second working tree of git this is a file, which says where on this machine the first one is. */
const WORKTREE = ".git";

/** All files that belong to the repository. Asks no git: an unpacked archive has none. */
export function repositoryFiles(): readonly SourceFile[] {
  const isIgnored = ignoreRules(readFileSync(`${root}.gitignore`, "utf8"));
  const pathsIn = (folder: string): readonly string[] =>
    readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
      const path = folder + entry.name;
      if (isIgnored(path) || (folder === "" && entry.isDirectory() && !FOLDERS.includes(path))) return [];
      if (entry.isDirectory()) return pathsIn(`${path}/`);
      return entry.isFile() && path !== WORKTREE && !DATA.test(path) ? [path] : [];
    });
  return pathsIn("").map((path) => ({ path, text: readFileSync(root + path, "utf8") }));
}

/** Understands the forms that our .gitignore has: `folder/` anywhere, `/folder/` in the root, `*.ending`. */
export function ignoreRules(gitignore: string): (path: string) => boolean {
  const patterns = gitignore.split("\n").map((line) => line.trim().replace(/\/$/, ""));
  const names = new Set(patterns);
  const endings = patterns.filter((pattern) => pattern.startsWith("*")).map((pattern) => pattern.slice(1));
  return (path) =>
    names.has(posix.basename(path)) ||
    names.has(`/${path}`) ||
    endings.some((ending) => path.endsWith(ending));
}

/** One problem per line that matches. */
export function problemsByLine(
  file: SourceFile,
  pattern: RegExp,
  message: (match: string) => string,
): Problem[] {
  return file.text.split("\n").flatMap((text, index) => {
    const match = pattern.exec(text);
    return match === null ? [] : [{ path: file.path, line: index + 1, message: message(match[0]) }];
  });
}
