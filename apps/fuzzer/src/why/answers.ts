/** Answers to many questions: from the cache where nothing has changed since, else by one worker or several. */

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { hashToHex, modelFingerprint } from "@mmrace/scheduler";
import { array, boolean, number, object, optional, picklist, string, type GenericSchema } from "valibot";
import { ask } from "../engine/ask.ts";
import { turn } from "../engine/event-loop.ts";
import { readKept, writeWhole } from "../engine/json-file.ts";
import { sha256 } from "../engine/sha256.ts";
import { version } from "../version.ts";
import { identityOf, kernelOf } from "./kernel-spec.ts";
import { judge, type WhyJob, type WhyVerdict } from "./judge.ts";
import { subjectsOf, type SubjectSpec } from "./subjects.ts";

/** Who answers, and where answers are kept. */
export interface AnswerOptions {
  readonly workers: number;
  /** A directory; `undefined`: nothing is kept. */
  readonly cache: string | undefined;
  readonly onAnswer: (answered: number) => void;
}

const verdictSchema: GenericSchema<WhyVerdict> = object({
  verdict: picklist(["needed", "not needed within bound", "never executed", "cannot be removed"]),
  executions: number(),
  complete: boolean(),
  leftOut: array(string()),
  finding: optional(
    object({
      scenario: string(),
      oracle: string(),
      message: string(),
      signature: string(),
      token: string(),
      preemptions: number(),
      steps: number(),
    }),
  ),
}) as GenericSchema<WhyVerdict>;

/** One verdict for each job, in their order. Each is kept as soon as it is there, so an interruption loses little. */
export async function answersTo(
  jobs: readonly WhyJob[],
  options: AnswerOptions,
): Promise<readonly WhyVerdict[]> {
  const files = jobs.map((job) => (options.cache === undefined ? undefined : fileOf(options.cache, job)));
  const verdicts = files.map((file) => (file === undefined ? undefined : readKept(file, verdictSchema)));
  const open = [...jobs.keys()].filter((at) => verdicts[at] === undefined);
  let answered = jobs.length - open.length;
  await inParallel(open, options.workers, async (at, answer) => {
    const verdict = await answer(jobs[at]!);
    verdicts[at] = verdict;
    const file = files[at];
    if (file !== undefined) writeWhole(file, keptText(jobs[at]!, verdict));
    options.onAnswer(++answered);
  });
  return verdicts as WhyVerdict[];
}

/** The answer, with the question for whoever reads the file: its name is a hash. */
function keptText(job: WhyJob, verdict: WhyVerdict): string {
  const { kernel, sites, scenarios, programs, preemptionsMax, fuzzed } = job;
  const asked = { kernel, sites, scenarios, programs, preemptionsMax, fuzzed };
  return JSON.stringify({ ...verdict, asked });
}

type Answer = (job: WhyJob) => Promise<WhyVerdict>;

async function inParallel(
  jobs: readonly number[],
  count: number,
  work: (at: number, answer: Answer) => Promise<void>,
): Promise<void> {
  let next = 0;
  const workers = count === 1 ? [] : Array.from({ length: Math.min(count, jobs.length) }, newWorker);
  const answers: readonly Answer[] = count === 1 ? [inThisThread] : workers.map(askFor);
  const lane = async (answer: Answer): Promise<void> => {
    while (next < jobs.length) await work(jobs[next++]!, answer);
  };
  try {
    await Promise.all(answers.map(lane));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function newWorker(): Worker {
  return new Worker(new URL("./why-worker.js", import.meta.url));
}

function askFor(worker: Worker): Answer {
  return (job) => ask<WhyVerdict>(worker, job);
}

async function inThisThread(job: WhyJob): Promise<WhyVerdict> {
  await turn();
  return judge(job);
}

/** Named by all that the answer depends on. */
function fileOf(directory: string, job: WhyJob): string {
  const models = [
    ...job.scenarios.map((name) => fingerprintOf(name, job, { ...job, scenarios: [name], programs: [] })),
    ...(job.programs ?? []).map((packed) =>
      fingerprintOf(packed, job, { ...job, scenarios: [], programs: [packed] }),
    ),
  ];
  return join(directory, `${sha256(JSON.stringify([version(), models, job])).slice(0, 32)}.json`);
}

const fingerprints = new Map<string, string>();

function fingerprintOf(name: string, job: WhyJob, spec: SubjectSpec): string {
  const key = [name, kernelOf(job).id, ...identityOf(job)].join(" ");
  let known = fingerprints.get(key);
  if (known === undefined) {
    known = hashToHex(modelFingerprint(subjectsOf(spec)[0]!.scenario));
    fingerprints.set(key, known);
  }
  return known;
}
