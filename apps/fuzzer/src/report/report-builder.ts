/** Puts a campaign directory into the data of a report: what is on disk, and what running it again shows. */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { scenarioOf, type World } from "@mmrace/mm";
import {
  columnsText,
  decodeToken,
  parseAblation,
  replayToken,
  UsageError,
  type MemoryModel,
  type Scenario,
  type TokenContent,
} from "@mmrace/scheduler";
import { schedulesOf } from "../engine/resumed.ts";
import { isStateFile, loadState, type SavedState, type ScenarioState } from "../engine/saved-state.ts";
import type { HuntState } from "../programs/hunt-state.ts";
import { version } from "../version.ts";
import { readFinding, type FindingRecord } from "./finding-directory.ts";
import { procedurePairs } from "./procedure-pairs.ts";
import { record } from "./recording.ts";
import type { CampaignData, FindingData, RecordingData, ReportData } from "./report-data.ts";
import { counted } from "./violation-text.ts";
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
  const scenarios = Object.entries(state.scenarios);
  const campaigns = scenarios.map(([name, scenario]) => campaignOf(state, name, scenario));
  return state.programs === undefined ? campaigns : [...campaigns, huntOf(state, state.programs)];
}

/** The hunt over generated programs, as one campaign. */
function huntOf(state: SavedState, hunt: HuntState): CampaignData {
  const scenario = counted(hunt.merged, "generated program");
  // Pairs of procedures of all programs would be pairs of all procedures.
  return { ...factsOf(state, hunt), scenario, corpus: hunt.corpus, heat: [], unreached: [] };
}

function campaignOf(state: SavedState, name: string, scenario: ScenarioState): CampaignData {
  const { corpus, unreached } = scenario;
  const heat = heatOf(state.settings, name, scenario);
  return { ...factsOf(state, scenario), scenario: name, corpus: corpus.length, heat, unreached };
}

function factsOf(
  { state, settings }: SavedState,
  { kernel, executions, steps, seconds, growth }: ScenarioState | HuntState,
): Omit<CampaignData, "scenario" | "corpus" | "heat" | "unreached"> {
  const { strategy, seed } = settings;
  return { kernel, strategy, seed, state, executions, steps, seconds, growth };
}

/** Who met whom, by running the corpus again; nothing where this version does not have the scenario. */
function heatOf(
  { ablations, memory }: SavedState["settings"],
  name: string,
  saved: ScenarioState,
): CampaignData["heat"] {
  const { kernel, parameters } = saved;
  const found = known(() => scenarioOf({ ...NO_TOKEN, scenario: name, variant: kernel, parameters }));
  if (typeof found === "string") {
    warn(found);
    return [];
  }
  const settings = { ablations: ablations.map(parseAblation), memory: memory as MemoryModel };
  return procedurePairs(found, settings, schedulesOf(saved));
}

/** What a scenario is found by, besides its name. */
const NO_TOKEN: Omit<TokenContent, "scenario" | "variant" | "parameters"> = {
  ablations: [],
  memory: "sc",
  given: [],
  fingerprint: 0,
  schedule: new Uint8Array(0),
  checks: [],
};

/** The scenario, or why there is none. */
function known(find: () => Scenario<World>): Scenario<World> | string {
  try {
    return find();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

/** A finding, or nothing where its directory was interrupted or damaged. */
function findingOf(directory: string): readonly FindingData[] {
  const { found, quarantined } = readFinding(directory);
  if (quarantined !== undefined) warn(`A finding was damaged: moved to ${quarantined}.`);
  return found === undefined ? [] : [shown(found)];
}

const NOTHING: RecordingData = { texts: [], threads: [], steps: [], rows: [], holds: [], tables: [] };

function shown(found: FindingRecord): FindingData {
  const { oracle, message, details = [], signature, kernel, memory, ablations, preemptions, token } = found;
  const facts = { oracle, message, details, signature, kernel, memory, ablations, preemptions, token };
  const alsoSeen = found.alsoSeen.map((one) => `${one.scenario} on ${one.kernel}`);
  const common = { ...facts, scenario: found.scenario, alsoSeen };
  const content = decodeToken(found.token);
  const scenario = known(() => scenarioOf(content));
  const stale = typeof scenario === "string" ? scenario : staleness(scenario, content);
  if (typeof scenario === "string" || stale !== undefined)
    return { ...common, columns: "", recording: NOTHING, stale: stale ?? "" };
  const { trace, data } = record(scenario, content.schedule, content);
  return { ...common, columns: columnsText(trace), recording: data };
}

/** Why a token does not show its finding here; nothing if it does. */
function staleness(scenario: Scenario<World>, content: TokenContent): string | undefined {
  const replayed = replayToken(scenario, content);
  if (replayed.kind === "reproduced") return undefined;
  return replayed.kind === "diverged" ? replayed.message : "This model does not show it any more.";
}
