/** `mmrace corpus`: keeps corpora small, and brings them together. */

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { kernels, scenarioFamilies, type World } from "@mmrace/mm";
import { UsageError, type MemoryModel, type Scenario } from "@mmrace/scheduler";
import type { Command } from "commander";
import { Distiller, type DistillSettings } from "../../corpus/distiller.ts";
import { manifestOf, readManifest, writeManifest } from "../../corpus/manifest.ts";
import { loadCorpus, putAside, saveSchedule, type CorpusFile } from "../../corpus/on-disk.ts";
import { openCorpus } from "../../corpus/open-corpus.ts";
import { warn } from "../../report/warn.ts";
import { EXIT } from "../exit-code.ts";
import { ablateOption, ablationsOf, jsonOption, memoryOption } from "../options.ts";
import type { CommandResult } from "../output.ts";
import {
  mergePrograms,
  minimizePrograms,
  programFoldersOf,
  PROGRAMS,
  type Merged,
  type Minimized,
  type ProgramsOf,
} from "./corpus-programs.ts";

interface CorpusOptions {
  readonly ablate: readonly string[];
  readonly memory: MemoryModel;
  readonly json?: boolean;
}

/** Describes the commands. */
export function defineCorpus(program: Command): { readonly minimize: Command; readonly merge: Command } {
  const corpus = program
    .command("corpus")
    .summary("keep corpora small, and bring them together")
    .description(
      "Works on directories that mmrace fuzz --corpus fills, with schedules of scenarios and with generated programs. All " +
        "are run; which of them are worth keeping is judged by what they show, as a campaign judges it.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace corpus minimize corpus\n  mmrace corpus merge monday tuesday all\n",
    );
  const minimize = corpus
    .command("minimize")
    .summary("put aside what shows nothing that others do not show")
    .argument("<dir>", "corpus, as given to mmrace fuzz --corpus, or one folder in it");
  const merge = corpus
    .command("merge")
    .summary("add to the last one what the others have and it has not")
    .argument("<dir...>", "corpora, the last of which is added to");
  for (const command of [minimize, merge])
    command.addOption(ablateOption()).addOption(memoryOption()).addOption(jsonOption());
  return { minimize, merge };
}

/** Runs `corpus minimize`. */
export function runCorpusMinimize(directory: string, options: CorpusOptions): CommandResult {
  const settings = settingsOf(options);
  const { schedules, programs } = foldersOf(directory);
  const folders: readonly Minimized[] = [
    ...schedules.map(({ path, scenario }) => {
      const files = openCorpus(path, scenario, settings);
      const { kept, superseded } = new Distiller(scenario, settings).part(files);
      for (const file of superseded) putAside(file);
      return { ...nameOf(scenario), before: files.length, after: kept.length };
    }),
    ...programs.map((one) => minimizePrograms(one, settings)),
  ];
  const lines = folders.map(
    ({ scenario, kernel, before, after }) =>
      `${scenario} on ${kernel}: ${before} ${whatIn(scenario)}, ${after} of them needed` +
      (after === before ? "" : `; the others are in ${scenario}-${kernel}.superseded`),
  );
  return { exitCode: EXIT.clean, text: lines.join("\n"), json: { folders } };
}

/** Runs `corpus merge`. */
export function runCorpusMerge(directories: readonly string[], options: CorpusOptions): CommandResult {
  const to = directories.at(-1)!;
  const from = directories.slice(0, -1);
  if (from.length === 0) throw new UsageError("corpus merge needs at least two directories: FROM... TO.");
  const settings = settingsOf(options);
  const found = from.map(foldersOf);
  const folders: readonly Merged[] = [
    ...grouped(
      found.flatMap(({ schedules }) => schedules),
      ({ name }) => name,
    ).map(([name, own]) => mergeOne(join(to, name), own, settings)),
    ...grouped(
      found.flatMap(({ programs }) => programs),
      ({ kernel }) => kernel.id,
    ).map(([, own]) => mergePrograms(to, own, settings)),
  ];
  const lines = folders.map(
    ({ scenario, kernel, before, offered, added }) =>
      `${scenario} on ${kernel}: ${added} of ${offered} ${whatIn(scenario)} are new to ${to}, which had ${before}`,
  );
  return { exitCode: EXIT.clean, text: lines.join("\n"), json: { to, folders } };
}

/** By a name, in the order of the names. */
function grouped<T>(all: readonly T[], nameOfOne: (one: T) => string): readonly [string, readonly T[]][] {
  const names = [...new Set(all.map(nameOfOne))].toSorted();
  return names.map((name) => [name, all.filter((one) => nameOfOne(one) === name)]);
}

function whatIn(scenario: string): string {
  return scenario === PROGRAMS ? "programs" : "schedules";
}

function mergeOne(target: string, sources: readonly Folder[], settings: DistillSettings): Merged {
  const { scenario } = sources[0]!;
  const existing = openCorpus(target, scenario, settings);
  const distiller = new Distiller(scenario, settings);
  for (const { schedule } of existing) distiller.offer(schedule);
  const offered = sources.flatMap(({ path }) => filesOf(path));
  const shortFirst = offered.toSorted((a, b) => a.schedule.length - b.schedule.length);
  const added = shortFirst.filter(({ schedule }) => distiller.offer(schedule));
  for (const { schedule } of added) saveSchedule(target, schedule);
  writeManifest(target, manifestOf(scenario));
  return { ...nameOf(scenario), before: existing.length, offered: offered.length, added: added.length };
}

function filesOf(path: string): readonly CorpusFile[] {
  const { files, quarantined } = loadCorpus(path);
  for (const moved of quarantined) warn(`A corpus file was damaged: moved to ${moved}.`);
  return files;
}

function settingsOf({ ablate, memory }: CorpusOptions): DistillSettings {
  return { ablations: ablationsOf(ablate), memory };
}

function nameOf({ name, variant }: Scenario<World>): { readonly scenario: string; readonly kernel: string } {
  return { scenario: name, kernel: variant ?? "" };
}

/** The folder of one scenario in a corpus. */
interface Folder {
  readonly name: string;
  readonly path: string;
  readonly scenario: Scenario<World>;
}

/** The folders of a corpus, or the one that is named. @throws {UsageError} when there are none. */
function foldersOf(directory: string): {
  readonly schedules: readonly Folder[];
  readonly programs: readonly ProgramsOf[];
} {
  if (!existsSync(directory)) throw new UsageError(`There is no directory ${directory}.`);
  const itself = folderAt(dirname(directory), basename(directory));
  if (itself !== undefined) return { schedules: [itself], programs: [] };
  const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = entries.map(({ name }) => name).toSorted();
  const schedules = names.flatMap((name) => folderAt(directory, name) ?? []);
  const programs = programFoldersOf(directory, names);
  if (schedules.length + programs.length > 0) return { schedules, programs };
  throw new UsageError(
    `${directory} holds no corpus: it has no folder <scenario>-<kernel>, and no programs-<kernel>. One is made by: ` +
      `mmrace fuzz --corpus ${directory}`,
  );
}

/** A folder whose name, or manifest, says which scenario it belongs to. */
function folderAt(directory: string, name: string): Folder | undefined {
  const path = join(directory, name);
  const manifest = readManifest(path);
  for (const family of scenarioFamilies) {
    for (const { id } of kernels) {
      const isMeant =
        manifest === undefined
          ? name === `${family.name}-${id}`
          : manifest.scenario === family.name && manifest.kernel === id;
      if (isMeant) return { name, path, scenario: family.on(id) };
    }
  }
  return undefined;
}
