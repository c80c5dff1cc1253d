/** JSON files that survive an interruption, and what to do with those that did not. */

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What a file says; undefined when there is none, and `damaged` when it is no JSON. */
export function readJson(file: string): { readonly content?: unknown; readonly isDamaged: boolean } {
  if (!existsSync(file)) return { isDamaged: false };
  const text = readFileSync(file, "utf8");
  try {
    return { content: JSON.parse(text) as unknown, isDamaged: false };
  } catch {
    return { isDamaged: true };
  }
}

/** Moves a damaged file aside; never deletes it. @returns its new name. */
export function quarantine(file: string): string {
  const quarantined = `${file}.quarantine`;
  renameSync(file, quarantined);
  return quarantined;
}

/** Writes a file so that an interruption cannot leave half of one. */
export function writeWhole(file: string, text: string): void {
  const part = `${file}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(part, text);
    renameSync(part, file);
  } catch (error) {
    throw ofFile(error, file, part);
  }
}

/** The error of a failed write, with the file's name, which a write does not tell. What there is of the file goes. */
export function ofFile(error: unknown, file: string, part: string): unknown {
  try {
    rmSync(part, { force: true });
  } catch {
    // Where nothing could be written, there is nothing.
  }
  if (error instanceof Error) (error as NodeJS.ErrnoException).path ??= file;
  return error;
}
