/** Programs as plain data: a layout, and threads of calls. */

import { hashText, hashToHex } from "@mmrace/scheduler";
import type { Geometry } from "../state/geometry.ts";
import type { CallName } from "./call-specs.ts";
import { packProgram } from "./pack.ts";

/**
 * One call. The meaning of each argument is in its specification (`callSpecs`): pages are counted from the first address of
 * the world, lengths are in pages, files are numbered as they are made, flags are the kernel's.
 */
export interface Call {
  readonly name: CallName;
  readonly args: readonly number[];
}

/** What one process has mapped before the threads begin. */
export interface ProgramProcess {
  readonly setup: readonly Call[];
}

/** One thread: of a process, or of the kernel. */
export interface ProgramThread {
  readonly name: string;
  /** Index of its process; `null`: a kernel thread. */
  readonly owner: number | null;
  readonly calls: readonly Call[];
}

/** A small program of system calls, user accesses and kernel activities. */
export interface Program {
  readonly geometry: Geometry;
  /** Files, and what is in their page caches. */
  readonly files: readonly Call[];
  readonly processes: readonly ProgramProcess[];
  readonly threads: readonly ProgramThread[];
}

/** The name of its scenario: of equal programs the same, whatever their texts have in comments and spelling. */
export function programName(program: Program): string {
  return `program-${hashToHex(hashText(packProgram(program)))}`;
}

/** Every call, in the order of the text. */
export function allCalls({ files, processes, threads }: Program): readonly Call[] {
  return [...files, ...processes.flatMap(({ setup }) => setup), ...threads.flatMap(({ calls }) => calls)];
}
