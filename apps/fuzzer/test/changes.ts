/** Files of a user, outside the repository: copies of retract_page_tables(), edited. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Where the files are. */
export const folder: string = mkdtempSync(join(tmpdir(), "mmrace-with-"));
afterAll(() => rmSync(folder, { recursive: true }));

const RETRACT = new URL("../../../packages/mm/src/ops/khugepaged/retract-page-tables.ts", import.meta.url);

/** A copy that is ready to be edited. */
export const copy: string = readFileSync(RETRACT, "utf8")
  .replaceAll(/"\.\.?\/[^"]+"/g, '"@mmrace/mm/procedures"')
  .replace("export function coversHugePage", "function coversHugePage")
  .replace("export function* retractPageTables_6_12", "function* retractPageTables_6_12");

let written = 0;

/** Writes a file. @returns its path. */
export function file(text: string, name: string = `change-${written++}.ts`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A file with the copy, edited; each edit must find its place. */
export function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  let text = copy;
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`the copy has no ${from}`);
    text = text.replace(from, to);
  }
  return file(text);
}

export const PTE_LOCK = "yield* spinLock(table.ptl, SINGLE_DEPTH_NESTING);";
export const PTE_UNLOCK = "yield* spinUnlock(table.ptl); // 10.";

/** Nothing keeps others from the table while it is looked at and removed. */
export function withoutPteLock(): string {
  return edited([PTE_LOCK, ""], [PTE_UNLOCK, ""]);
}
