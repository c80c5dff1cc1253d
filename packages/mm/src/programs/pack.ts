/**
 * Programs in few characters, as tokens carry them: the geometry, the files, the processes and the threads, parted by `;`. A
 * call is its two letters with its arguments in base 36; calls are parted by `/`.
 */

import { callNames, specOf, type CallName } from "./call-specs.ts";
import { ProgramError } from "./program-error.ts";
import type { Call, Program, ProgramThread } from "./program.ts";

const NAMES: ReadonlyMap<string, CallName> = new Map(callNames.map((name) => [specOf(name).code, name]));

/** Writes a program. */
export function packProgram({ geometry, files, processes, threads }: Program): string {
  return [
    `${geometry.ptesPerTable}.${geometry.pmdsPerMm}`,
    packCalls(files),
    ...processes.map(({ setup }) => `p${packCalls(setup)}`),
    ...threads.map(packThread),
  ].join(";");
}

function packThread({ name, owner, calls }: ProgramThread): string {
  return `${owner === null ? "k" : `t${owner}`}:${name}:${packCalls(calls)}`;
}

function packCalls(calls: readonly Call[]): string {
  return calls
    .map(({ name, args }) => specOf(name).code + args.map((arg) => arg.toString(36)).join(","))
    .join("/");
}

/** Reads what `packProgram` has written. @throws {ProgramError} where it cannot be. */
export function unpackProgram(text: string): Program {
  const [geometry = "", files = "", ...sections] = text.split(";");
  const sizes = /^(\d+)\.(\d+)$/.exec(geometry);
  if (sizes === null) throw damaged(geometry);
  return {
    geometry: { ptesPerTable: Number(sizes[1]), pmdsPerMm: Number(sizes[2]) },
    files: unpackCalls(files),
    processes: sections
      .filter((section) => section.startsWith("p"))
      .map((section) => ({ setup: unpackCalls(section.slice(1)) })),
    threads: sections.filter((section) => !section.startsWith("p")).map(unpackThread),
  };
}

function unpackThread(section: string): ProgramThread {
  const [, whose, name, calls] = /^(k|t\d+):([\w-]+):(.*)$/.exec(section) ?? [];
  if (whose === undefined || name === undefined || calls === undefined) throw damaged(section);
  return { name, owner: whose === "k" ? null : Number(whose.slice(1)), calls: unpackCalls(calls) };
}

function unpackCalls(text: string): Call[] {
  return text.split("/").filter(Boolean).map(unpackCall);
}

function unpackCall(text: string): Call {
  const name = NAMES.get(text.slice(0, 2));
  if (name === undefined) throw damaged(text);
  const args = text
    .slice(2)
    .split(",")
    .filter(Boolean)
    .map((arg) => Number.parseInt(arg, 36));
  if (args.length !== specOf(name).args.length || args.some(Number.isNaN)) throw damaged(text);
  return { name, args };
}

function damaged(part: string): ProgramError {
  return new ProgramError(
    undefined,
    `The program in the token cannot be read at "${part}": it was made by another version.`,
  );
}
