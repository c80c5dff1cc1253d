/**
 * The fuzz target for jsfuzz, bundled to one CommonJS file: bytes are a schedule. jsfuzz sees code coverage only, which
 * says nothing about interleavings; so the bundle is excluded from instrumentation, and whenever an execution shows a
 * new reads-from or hand-over edge, one more counter appears in a virtual file of the coverage object that jsfuzz reads.
 *
 * Works under a plain `jsfuzz dist-fuzz/target.cjs` too; MMRACE_TARGET chooses the scenario (docs/reference/jsfuzz.md).
 */

import { guard, settings as asked, Stop } from "./guard.ts";
import { kernelById, scenarioFamily } from "@mmrace/mm";
import { Engine, parseAblation, replaySchedule, signatureOf } from "@mmrace/scheduler";
import { nowMs } from "../src/clock.ts";
import { InterleavingObserver } from "../src/coverage/interleaving.ts";
import { Novelty } from "../src/coverage/novelty.ts";
import type { TargetSettings } from "../src/jsfuzz/protocol.ts";

const PLAIN: TargetSettings = {
  scenario: "cpmt-vs-uffdcopy",
  kernel: "6.6-dev",
  ablations: [],
  memory: "sc",
  known: [],
  executionsMax: Number.MAX_SAFE_INTEGER,
};

/** Executions between two looks at the clock. */
const CLOCK_EVERY = 256;

const settings: TargetSettings = { ...PLAIN, ...asked };
const ablations = settings.ablations.map(parseAblation);
const observer = new InterleavingObserver();
const novelty = new Novelty();
const scenario = scenarioFamily(settings.scenario).on(kernelById(settings.kernel).id);
const engine = new Engine(scenario, { ablations, memory: settings.memory }, [observer]);
const startMs = nowMs();
const known = new Set(settings.known);

let executions = 0;
let steps = 0;
/** Inputs that showed something new, base64. */
const kept: string[] = [];

/** istanbul's shape; jsfuzz adds up the counters of `s`. */
const counters: Record<number, number> = {};
(globalThis as unknown as { __coverage__: Record<string, unknown> }).__coverage__["virtual:interleavings"] = {
  path: "virtual:interleavings",
  statementMap: {},
  fnMap: {},
  branchMap: {},
  s: counters,
  f: {},
  b: {},
};

/** Runs the schedule that the bytes are. Throws when it shows a finding that is not known yet. */
function run(bytes: Uint8Array): void {
  if (executions >= settings.executionsMax)
    throw new Stop("budget", "The budget of executions is spent; this is no finding.");
  if (executions % CLOCK_EVERY === 0 && nowMs() - startMs > (settings.timeMs ?? Infinity))
    throw new Stop("time", "The time is over; this is no finding.");
  const schedule = new Uint8Array(bytes);
  const strategy = replaySchedule(schedule);
  strategy.beginExecution();
  const ending = engine.run(strategy);
  executions++;
  steps += engine.sites.length;
  if (novelty.newIn(observer).length > 0)
    counters[kept.push(Buffer.from(schedule).toString("base64")) - 1] = 1;
  if ("oracle" in ending && !known.has(signatureOf(ending, engine)))
    throw new Stop("violation", `${ending.oracle}: ${ending.message}`);
}

/** The target. */
export const fuzz: (bytes: Uint8Array) => Promise<void> = guard(run, () => ({
  executions,
  steps,
  kept,
  unreached: engine.properties.unreached,
  unmatched: ablations.filter((ablation) => !engine.ablations.matched.has(ablation)).map(({ site }) => site),
}));
