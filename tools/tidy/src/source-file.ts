/** The files of the repository that the rules look at. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A tracked or new text file. */
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

/** All files that git tracks or would track. */
export function repositoryFiles(): readonly SourceFile[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  const paths = [...new Set(list.toString().split("\0"))].filter((path) => path !== "" && !DATA.test(path));
  return paths.flatMap((path) => {
    try {
      return [{ path, text: readFileSync(root + path, "utf8") }];
    } catch {
      return []; // Deleted in the working tree, not yet in the index.
    }
  });
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
