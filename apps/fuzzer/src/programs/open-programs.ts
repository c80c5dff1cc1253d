/** Opens folders of programs: what cannot be run is put aside, with a word. */

import { packProgram } from "@mmrace/mm/programs";
import { warn } from "../report/warn.ts";
import type { ProgramFile, ProgramFolder } from "./program-folder.ts";

/** Reads folders, the small programs first. Says what could not be read, or set up, and where it is now. */
export function openPrograms(...folders: readonly ProgramFolder[]): readonly ProgramFile[] {
  const loaded = folders.map((folder) => folder.load());
  for (const { name, path, reason } of loaded.flatMap(({ quarantined }) => quarantined))
    warn(`The program ${name} cannot be run: ${reason} It was moved to ${path}.`);
  const files = loaded.flatMap((one) => one.files);
  const sizes = new Map(files.map((file) => [file, packProgram(file.program).length]));
  return files.toSorted((a, b) => sizes.get(a)! - sizes.get(b)!);
}
