/**
 * A corpus directory: one file per schedule, named by the SHA-256 of its bytes, as jsfuzz names them too. A file whose
 * name is a hash of something else is damaged: it is moved to a quarantine beside the directory, never deleted.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sha256 } from "../engine/sha256.ts";

/** Hash names are 64 hexadecimal digits; a file of any other name is somebody's own seed and is taken as it is. */
const HASH_NAME = /^[0-9a-f]{64}$/;

/** What loading found. */
export interface LoadedCorpus {
  /** The schedules, in the order of their file names. */
  readonly schedules: readonly Uint8Array[];
  /** Where damaged files were moved. */
  readonly quarantined: readonly string[];
}

/** Reads a corpus directory, which need not exist yet. */
export function loadCorpus(directory: string): LoadedCorpus {
  if (!existsSync(directory)) return { schedules: [], quarantined: [] };
  const schedules: Uint8Array[] = [];
  const quarantined: string[] = [];
  const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const name of files.map((file) => file.name).toSorted()) {
    const path = join(directory, name);
    const schedule = new Uint8Array(readFileSync(path));
    if (HASH_NAME.test(name) && sha256(schedule) !== name) quarantined.push(quarantine(path));
    else schedules.push(schedule);
  }
  return { schedules, quarantined };
}

function quarantine(path: string): string {
  const folder = `${dirname(path)}.quarantine`;
  mkdirSync(folder, { recursive: true });
  const target = join(folder, basename(path));
  renameSync(path, target);
  return target;
}

/** Adds a schedule; one that is there already stays as it is. */
export function saveSchedule(directory: string, schedule: Uint8Array): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, sha256(schedule));
  if (!existsSync(path)) writeFileSync(path, schedule);
}
