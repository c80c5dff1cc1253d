/** `mmrace corpus` on the programs that hunts have kept. */

import { basename, dirname, join } from "node:path";
import { kernels, type Kernel } from "@mmrace/mm";
import type { DistillSettings } from "../../corpus/distiller.ts";
import { openPrograms } from "../../programs/open-programs.ts";
import { ProgramDistiller } from "../../programs/program-distiller.ts";
import { programFolder, type ProgramFolder } from "../../programs/program-folder.ts";

/** The programs of one release in a corpus. */
export interface ProgramsOf {
  readonly kernel: Kernel;
  readonly folder: ProgramFolder;
}

/** As a corpus calls them, beside the names of scenarios. */
export const PROGRAMS = "programs";

/** What minimizing a folder came to. */
export interface Minimized {
  /** `programs` of what hunts have kept. */
  readonly scenario: string;
  readonly kernel: string;
  readonly before: number;
  readonly after: number;
}

/** What merging into a folder came to. */
export interface Merged extends Omit<Minimized, "after"> {
  readonly offered: number;
  readonly added: number;
}

/** The folders of programs in a corpus, or the one that is named. @param names of the folders in it. */
export function programFoldersOf(directory: string, names: readonly string[]): readonly ProgramsOf[] {
  const itself = folderAt(directory);
  return itself === undefined ? names.flatMap((name) => folderAt(join(directory, name)) ?? []) : [itself];
}

function folderAt(path: string): ProgramsOf | undefined {
  const kernel = kernels.find(({ id }) => basename(path) === `${PROGRAMS}-${id}`);
  return kernel === undefined ? undefined : { kernel, folder: programFolder(dirname(path), kernel) };
}

/** Puts aside what shows nothing that others do not show. */
export function minimizePrograms({ kernel, folder }: ProgramsOf, settings: DistillSettings): Minimized {
  const files = openPrograms(folder);
  const { kept, superseded } = new ProgramDistiller(kernel, settings).part(files);
  for (const { name } of superseded) folder.putAside(name);
  for (const { program, fingerprint, isStale } of kept) if (isStale) folder.save(program, fingerprint);
  return { scenario: PROGRAMS, kernel: kernel.id, before: files.length, after: kept.length };
}

/** Adds to a corpus what others have and it has not. */
export function mergePrograms(to: string, sources: readonly ProgramsOf[], settings: DistillSettings): Merged {
  const { kernel } = sources[0]!;
  const target = programFolder(to, kernel);
  const existing = openPrograms(target);
  const distiller = new ProgramDistiller(kernel, settings);
  for (const { program } of existing) distiller.offer(program);
  const offered = openPrograms(...sources.map(({ folder }) => folder));
  const added = offered.filter(({ program }) => distiller.offer(program));
  for (const { program, fingerprint } of added) target.save(program, fingerprint);
  return {
    scenario: PROGRAMS,
    kernel: kernel.id,
    before: existing.length,
    offered: offered.length,
    added: added.length,
  };
}
