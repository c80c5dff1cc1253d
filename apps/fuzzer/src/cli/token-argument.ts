/** Tokens on the command line: as they are, or in a file such as a saved mail. */

import { existsSync, readFileSync } from "node:fs";
import type { World } from "@mmrace/mm";
import {
  decodeToken,
  replayToken,
  UsageError,
  type Replay,
  type Scenario,
  type TokenContent,
} from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import { readChanges } from "../changes/read-changes.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandResult } from "./output.ts";

/** A token as it is, or the first one in a file. @throws {UsageError} when the file has none. */
export function readToken(argument: string): string {
  if (argument.startsWith("mmr1.") || !existsSync(argument)) return argument;
  const found = /mmr1\.[A-Za-z0-9_-]+/.exec(readFileSync(argument, "utf8"));
  if (found === null)
    throw new UsageError(`The file ${argument} contains no token (mmr1. and what follows).`);
  return found[0];
}

/** A token that a command was given, and what became of it here. */
export interface ReplayedToken {
  readonly token: string;
  readonly content: TokenContent;
  readonly changes: readonly Change[];
  readonly scenario: Scenario<World>;
  readonly replayed: Replay;
}

/** Reads a token and replays it on its scenario. @param files with the changes that it was made with. */
export function replayedArgument(argument: string, files: readonly string[]): ReplayedToken {
  const token = readToken(argument);
  const content = decodeToken(token);
  const changes = readChanges(files);
  const scenario = scenarioOfToken(content, changes);
  return { token, content, changes, scenario, replayed: replayToken(scenario, content) };
}

/** The result of a command that needs a token which goes the recorded way, and has one which does not. */
export function divergedResult({ kind, message }: Extract<Replay, { kind: "diverged" }>): CommandResult {
  return { exitCode: EXIT.diverged, text: message, json: { replay: kind, violations: [] } };
}
