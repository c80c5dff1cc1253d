/** Runs one program's share of a hunt: a campaign on its schedules, and then what it found is made small. */

import type { Kernel, World } from "@mmrace/mm";
import { packProgram, programOf, programScenario, unpackProgram } from "@mmrace/mm/programs";
import { decodeToken, minimize, parseAblation, type Scenario, type Violation } from "@mmrace/scheduler";
import { kernelWith } from "../changes/changed-kernels.ts";
import { base64Of, bytesOf } from "../corpus/base64.ts";
import { runCampaign } from "../engine/campaign.ts";
import type { Fuzzer } from "../engine/fuzzer.ts";
import { seedAfter } from "../engine/random-seeds.ts";
import { warn } from "../report/warn.ts";
import { slotsOf } from "./program-features.ts";
import type { HuntSettings, ProgramTask, TaskProgress, TaskResult, Tell } from "./program-task.ts";
import { shrinkFinding } from "./shrink.ts";

/** Executions for making a schedule small before its program is: a proof that it is the smallest comes at the end. */
const SMALL_ENOUGH = 100;

/** The release of a hunt, with its changes. */
export function kernelOf({ release, changes }: HuntSettings): Kernel {
  return kernelWith(release, changes);
}

/** Runs a task to its end, or until `tell` answers that this is enough. */
export async function runTask(settings: HuntSettings, task: ProgramTask, tell: Tell): Promise<TaskResult> {
  const { before } = task;
  const isOver = settings.stopOnFirst && (before?.findings.length ?? 0) > 0;
  let isCut = false;
  const fuzzer = await runCampaign(scenarioOfTask(settings, task), {
    ...settings,
    // That takes seconds: what was found is told first, and made small afterwards.
    minimizes: false,
    randomSeed: seedAfter(task.randomSeed, before?.executions ?? 0),
    ablations: settings.ablations.map(parseAblation),
    known: new Set([...task.known, ...(before?.findings ?? []).map(({ signature }) => signature)]),
    executionsMax: isOver ? 0 : task.executions,
    workers: 1,
    others: undefined,
    deadlineMs: Infinity,
    seeds: (before?.schedules ?? []).map(bytesOf),
    before: before === undefined ? undefined : { ...before, seeds: [], findings: [], unreached: [] },
    onSeed: () => {},
    pauseAt: () => Infinity,
    onProgress: (now) => (isCut ||= tell(() => progressOf(task, now.fuzzer))),
    isInterrupted: () => isCut,
  });
  const progress = progressOf(task, fuzzer);
  if (isCut && !isOver && !fuzzer.isDone && fuzzer.executions < task.executions)
    return { isWhole: false, progress };
  if (hasLarge(task, progress)) tell(() => progress, true);
  return { isWhole: true, progress: finished(settings, task, progress) };
}

/** What a task that nobody goes on with has come to: its findings are made small, and its schedules are not needed. */
export function finished(settings: HuntSettings, task: ProgramTask, progress: TaskProgress): TaskProgress {
  const findings = progress.findings.map((violation) =>
    isLarge(task, violation) ? madeSmall(settings, task, violation) : violation,
  );
  return { ...progress, findings, schedules: [] };
}

/** First the schedule, since few preemptions are found again in smaller programs; then the program, and its schedule again. */
function madeSmall(settings: HuntSettings, task: ProgramTask, violation: Violation): Violation {
  warn(`${violation.oracle}: ${violation.message}; making its program small.`);
  const { ablations, memory } = settings;
  const under = { ablations: ablations.map(parseAblation), memory };
  const limits = { ...under, executionsMax: SMALL_ENOUGH };
  const small = minimize(scenarioOfTask(settings, task), violation, limits).violation;
  return shrinkFinding(unpackProgram(task.program), kernelOf(settings), small, under).violation;
}

function progressOf(task: ProgramTask, fuzzer: Fuzzer<World>): TaskProgress {
  const { seeds } = fuzzer.corpus;
  return {
    executions: fuzzer.executions,
    steps: fuzzer.steps,
    schedules: seeds.map(({ schedule }) => base64Of(schedule)),
    corpus: seeds.length,
    slots: slotsOf(seeds),
    findings: [...(task.before?.findings ?? []), ...fuzzer.findings.values()],
    unmatched: fuzzer.unmatched.map(({ site }) => site),
  };
}

function hasLarge(task: ProgramTask, { findings }: TaskProgress): boolean {
  return findings.some((violation) => isLarge(task, violation));
}

/** Whether a finding is still told with the program that it was found in. */
function isLarge({ program }: ProgramTask, { token }: Violation): boolean {
  return packProgram(programOf(decodeToken(token))) === program;
}

function scenarioOfTask(settings: HuntSettings, { program }: ProgramTask): Scenario<World> {
  return programScenario(unpackProgram(program), kernelOf(settings));
}
