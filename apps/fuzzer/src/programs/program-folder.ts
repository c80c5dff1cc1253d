/**
 * Programs that hunts have kept, as files that one can read, edit and copy: `program-<hash>.prog`, each with a line that says
 * which model kept it. None is deleted: what cannot be run goes to a quarantine, what is not needed any more is put aside.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Kernel } from "@mmrace/mm";
import { parseProgram, programName, programScenario, programText, type Program } from "@mmrace/mm/programs";
import { hashToHex, modelFingerprint, UsageError } from "@mmrace/scheduler";
import { writeWhole } from "../engine/json-file.ts";
import { version } from "../version.ts";

/** In files that hunts write. */
const KEPT_BY = /^# Kept by mmrace \S+ on \S+, model ([\da-f]+)\.$/m;

/** A program in a folder. */
export interface ProgramFile {
  readonly name: string;
  readonly program: Program;
  /** Fingerprint of the program on the present model. */
  readonly fingerprint: string;
  /** Another model has kept it. */
  readonly isStale: boolean;
  /** Somebody has put it there: it stays, whatever it shows. */
  readonly isOwn: boolean;
}

/** A program that cannot be run, and was moved. */
export interface Quarantined {
  readonly name: string;
  readonly path: string;
  readonly reason: string;
}

/** The folder of the programs of one release. */
export function programFolder(directory: string, kernel: Kernel): ProgramFolder {
  return new ProgramFolder(join(directory, `programs-${kernel.id}`), kernel);
}

/** The fingerprint of the model that a program runs on. @throws {UsageError} when the model cannot run it. */
export function fingerprintOfProgram(program: Program, kernel: Kernel): string {
  return hashToHex(modelFingerprint(programScenario(program, kernel)));
}

/** A folder that need not exist yet. */
export class ProgramFolder {
  readonly path: string;
  readonly #kernel: Kernel;

  constructor(path: string, kernel: Kernel) {
    this.path = path;
    this.#kernel = kernel;
  }

  /** All programs, in the order of their names. What cannot be read or set up is moved to the quarantine. */
  load(): { readonly files: readonly ProgramFile[]; readonly quarantined: readonly Quarantined[] } {
    if (!existsSync(this.path)) return { files: [], quarantined: [] };
    const files: ProgramFile[] = [];
    const quarantined: Quarantined[] = [];
    const entries = readdirSync(this.path, { withFileTypes: true }).filter((entry) => entry.isFile());
    const names = entries.map(({ name }) => name).filter((name) => name.endsWith(".prog"));
    for (const name of names.toSorted()) {
      const read = this.#read(name);
      if (typeof read === "string")
        quarantined.push({ name, reason: read, path: this.#moveBeside(name, "quarantine") });
      else files.push(read);
    }
    return { files, quarantined };
  }

  /** Writes a program that the present model keeps. What somebody has written, or edited, under its name stays as it is. */
  save(program: Program, fingerprint: string): void {
    const name = fileOf(program);
    if (existsSync(join(this.path, name))) {
      const there = this.#read(name);
      if (typeof there !== "string" && !there.isStale) return;
    }
    const head = `# Kept by mmrace ${version()} on ${this.#kernel.id}, model ${fingerprint}.`;
    writeWhole(join(this.path, name), `${head}\n${programText(program).trimEnd()}\n`);
  }

  /** Puts a program aside that shows nothing others do not show. */
  putAside(name: string): void {
    this.#moveBeside(name, "superseded");
  }

  /** The same for one that a hunt has kept. */
  putAsideKept(program: Program): void {
    if (existsSync(join(this.path, fileOf(program)))) this.putAside(fileOf(program));
  }

  /** The program of a file, or why there is none. */
  #read(name: string): ProgramFile | string {
    const text = readFileSync(join(this.path, name), "utf8");
    try {
      const program = parseProgram(text);
      const fingerprint = fingerprintOfProgram(program, this.#kernel);
      const keptBy = KEPT_BY.exec(text)?.[1];
      // One that was edited is another program under an old name.
      const isOwn = keptBy === undefined || name !== fileOf(program);
      return { name, program, fingerprint, isStale: !isOwn && keptBy !== fingerprint, isOwn };
    } catch (error) {
      return whyNot(error, this.#kernel);
    }
  }

  #moveBeside(name: string, suffix: string): string {
    const folder = `${this.path}.${suffix}`;
    mkdirSync(folder, { recursive: true });
    const target = join(folder, name);
    renameSync(join(this.path, name), target);
    return target;
  }
}

/** Why a program cannot be run. @throws what a change of the user has thrown: it is no fault of the program. */
export function whyNot(error: unknown, kernel: Kernel): string {
  if (!(error instanceof Error) || (kernel.changed !== undefined && !(error instanceof UsageError)))
    throw error;
  return error.message;
}

function fileOf(program: Program): string {
  return `${programName(program)}.prog`;
}
