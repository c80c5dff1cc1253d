/**
 * A corpus directory: one file per schedule, named by the SHA-256 of its bytes, as jsfuzz names them too. Nothing else may
 * lie in it, since jsfuzz takes every file for a seed; what belongs to it lies beside it. No schedule is ever deleted: a file
 * whose name is a hash of something else is damaged and goes to a quarantine; one that is not needed any more is put aside.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ofFile } from "../engine/json-file.ts";
import { sha256 } from "../engine/sha256.ts";

/** Hash names are 64 hexadecimal digits; a file of any other name is somebody's own seed and is taken as it is. */
const HASH_NAME = /^[0-9a-f]{64}$/;

/** One schedule and where it lies. */
export interface CorpusFile {
  readonly path: string;
  readonly schedule: Uint8Array;
  /** Somebody's own seed: it stays where it is, whatever it shows. */
  readonly isOwn: boolean;
}

/** What loading found. */
export interface LoadedCorpus {
  /** In the order of their names. */
  readonly files: readonly CorpusFile[];
  /** Where damaged files were moved. */
  readonly quarantined: readonly string[];
}

/** Reads a corpus directory, which need not exist yet. */
export function loadCorpus(directory: string): LoadedCorpus {
  if (!existsSync(directory)) return { files: [], quarantined: [] };
  const files: CorpusFile[] = [];
  const quarantined: string[] = [];
  const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const name of entries.map((file) => file.name).toSorted()) {
    const path = join(directory, name);
    const schedule = new Uint8Array(readFileSync(path));
    const isOwn = !HASH_NAME.test(name);
    if (!isOwn && sha256(schedule) !== name) quarantined.push(moveBeside(path, "quarantine"));
    else files.push({ path, schedule, isOwn });
  }
  return { files, quarantined };
}

/** Puts a schedule aside that shows nothing others do not show. @returns where it is now. */
export function putAside({ path }: CorpusFile): string {
  return moveBeside(path, "superseded");
}

function moveBeside(path: string, suffix: string): string {
  const folder = `${dirname(path)}.${suffix}`;
  mkdirSync(folder, { recursive: true });
  const target = join(folder, basename(path));
  renameSync(path, target);
  return target;
}

/** Adds a schedule; one that is there already stays as it is. */
export function saveSchedule(directory: string, schedule: Uint8Array): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, sha256(schedule));
  if (existsSync(path)) return;
  try {
    writeFileSync(path, schedule);
  } catch (error) {
    // Half a schedule would be quarantined the next time; a full disk is no damage.
    throw ofFile(error, path, path);
  }
}
