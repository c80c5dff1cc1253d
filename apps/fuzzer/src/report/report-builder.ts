/** Puts a campaign directory into the data of a report: what is on disk, and what running it again shows. */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { scenarioFamily, scenarioOf } from "@mmrace/mm";
import { decodeToken, parseAblation, columnsText, replayToken, UsageError } from "@mmrace/scheduler";
import type { MemoryModel } from "@mmrace/scheduler";
import { isStateFile, loadState, type SavedState, type ScenarioState } from "../engine/saved-state.ts";
import { version } from "../version.ts";
import { readFinding, type FindingRecord } from "./finding-directory.ts";
import { procedurePairs } from "./procedure-pairs.ts";
import { record } from "./recording.ts";
import type { CampaignData, FindingData, RecordingData, ReportData } from "./report-data.ts";
import { warn } from "./warn.ts";
import { whyAnswers } from "./why-answers.ts";

/** Reads a campaign directory. @throws {UsageError} when it is none. */
export function buildReport(directory: string): ReportData {
  if (!existsSync(directory))
    throw new UsageError(
      `There is no directory ${directory}. A campaign makes one: mmrace fuzz --out ${directory}`,
    );
  const states = readdirSync(directory).filter(isStateFile).toSorted();
  const campaigns = states.flatMap((name) => campaignsOf(join(directory, name)));
  const folder = join(directory, "findings");
  const slugs = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const findings = slugs.flatMap((slug) => findingOf(join(folder, slug)));
  const why = whyAnswers(join(directory, "why"));
  if (campaigns.length + findings.length + why.length === 0) {
    throw new UsageError(
      `${directory} holds no campaign. One is made there by: mmrace fuzz --out ${directory}`,
    );
  }
  return { title: basename(directory), version: version(), campaigns, findings, why };
}

function campaignsOf(file: string): readonly CampaignData[] {
  const { state, quarantined } = loadState(file);
  if (quarantined !== undefined) warn(`A campaign was damaged: moved to ${quarantined}.`);
  if (state === undefined) return [];
  return Object.entries(state.scenarios).map(([name, scenario]) => campaignOf(state, name, scenario));
}

function campaignOf({ state, settings }: SavedState, name: string, scenario: ScenarioState): CampaignData {
  const { kernel, executions, steps, seconds, growth, unreached, corpus } = scenario;
  const schedules = corpus.map((text) => new Uint8Array(Buffer.from(text, "base64")));
  const on = scenarioFamily(name).on(kernel);
  const ablations = settings.ablations.map(parseAblation);
  const heat = procedurePairs(on, { ablations, memory: settings.memory as MemoryModel }, schedules);
  const { strategy, seed } = settings;
  return {
    scenario: name,
    kernel,
    strategy,
    seed,
    state,
    executions,
    steps,
    seconds,
    corpus: corpus.length,
    growth,
    heat,
    unreached,
  };
}

/** A finding, or nothing where its directory was interrupted or damaged. */
function findingOf(directory: string): readonly FindingData[] {
  const { found, quarantined } = readFinding(directory);
  if (quarantined !== undefined) warn(`A finding was damaged: moved to ${quarantined}.`);
  return found === undefined ? [] : [shown(found)];
}

const NOTHING: RecordingData = { texts: [], threads: [], steps: [], rows: [], holds: [], tables: [] };

function shown(found: FindingRecord): FindingData {
  const content = decodeToken(found.token);
  const scenario = scenarioOf(content);
  const replayed = replayToken(scenario, content);
  const { oracle, message, details = [], signature, kernel, memory, ablations, preemptions, token } = found;
  const facts = { oracle, message, details, signature, kernel, memory, ablations, preemptions, token };
  const alsoSeen = found.alsoSeen.map((one) => `${one.scenario} on ${one.kernel}`);
  const common = { ...facts, scenario: found.scenario, alsoSeen };
  if (replayed.kind !== "reproduced") {
    const stale = replayed.kind === "diverged" ? replayed.message : "This model does not show it any more.";
    return { ...common, columns: "", recording: NOTHING, stale };
  }
  const { trace, data } = record(scenario, content.schedule, content);
  return { ...common, columns: columnsText(trace), recording: data };
}
