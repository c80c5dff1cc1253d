/** Programs in files. */

import { readFileSync } from "node:fs";
import {
  importSyz,
  parseProgram,
  ProgramError,
  type Imported,
  type ImportOptions,
  type Program,
} from "@mmrace/mm/programs";
import { UsageError } from "@mmrace/scheduler";

/** Reads a program. @throws {UsageError} that says where in the file it is wrong. */
export function readProgram(file: string): Program {
  return located(file, () => parseProgram(readFileSync(file, "utf8")));
}

/** Reads a program of syzkaller. @throws {UsageError} that says where in the file it is wrong. */
export function readSyz(file: string, options: ImportOptions): Imported {
  return located(file, () => importSyz(readFileSync(file, "utf8"), options));
}

function located<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProgramError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}
