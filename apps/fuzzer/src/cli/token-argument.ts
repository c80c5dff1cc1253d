/** Tokens on the command line: as they are, or in a file such as a saved mail. */

import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "@mmrace/scheduler";

/** A token as it is, or the first one in a file. @throws {UsageError} when the file has none. */
export function readToken(argument: string): string {
  if (argument.startsWith("mmr1.") || !existsSync(argument)) return argument;
  const found = /mmr1\.[A-Za-z0-9_-]+/.exec(readFileSync(argument, "utf8"));
  if (found === null)
    throw new UsageError(`The file ${argument} contains no token (mmr1. and what follows).`);
  return found[0];
}
