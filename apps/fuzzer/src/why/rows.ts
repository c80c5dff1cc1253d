/** Verdicts on all guards of a target, on one release. */

import type { ScenarioFamily } from "@mmrace/mm";
import { sourcesOf, type Change } from "../changes/change.ts";
import { Progress } from "../report/progress.ts";
import { counted } from "../report/violation-text.ts";
import { answersTo } from "./answers.ts";
import { guardsOf, type Guard } from "./guards.ts";
import type { WhyBounds, WhyJob } from "./judge.ts";
import { identityOf, kernelOf } from "./kernel-spec.ts";
import type { Row } from "./table.ts";

/** What is asked. */
export interface Question {
  readonly target: string;
  readonly release: string;
  readonly changes: readonly Change[];
  readonly families: readonly ScenarioFamily[];
  /** Only the procedure's own guards. */
  readonly own: boolean;
  readonly bounds: WhyBounds;
  readonly workers: number;
  /** Where answers are kept; `undefined`: nowhere. */
  readonly cache: string | undefined;
}

/** One row for each guard. @throws {UsageError} when the release has no such target. */
export async function guardRows(question: Question): Promise<readonly Row[]> {
  const guards = guardsIn(question);
  return await rowsOf(
    guards.map(({ site }) => [site]),
    guards,
    question,
  );
}

/** The needed ones among all pairs of guards that are redundant alone. */
export async function pairRows(question: Question, singles: readonly Row[]): Promise<readonly Row[]> {
  const redundant = singles.flatMap(({ sites, found: { verdict } }) =>
    verdict === "not needed within bound" ? sites : [],
  );
  const pairs = redundant.flatMap((a, at) => redundant.slice(at + 1).map((b) => [a, b]));
  const rows = await rowsOf(pairs, guardsIn(question), question);
  return rows.filter(({ found: { verdict } }) => verdict === "needed");
}

function guardsIn({ target, release, changes, families, own, cache }: Question): readonly Guard[] {
  const spec = { kernel: release, changes };
  return guardsOf(target, kernelOf(spec), { families, own, identity: identityOf(spec), cache });
}

/** One row for each group of guards, searched in the scenarios that come to all of them. */
async function rowsOf(
  groups: readonly (readonly string[])[],
  guards: readonly Guard[],
  { release, changes, bounds, workers, cache }: Question,
): Promise<readonly Row[]> {
  const bySite = new Map(guards.map((guard) => [guard.site, guard]));
  const sources = sourcesOf(changes);
  const jobs: readonly WhyJob[] = groups.map((sites) => ({
    ...bounds,
    kernel: release,
    ...(sources.length === 0 ? {} : { changes: sources }),
    sites,
    scenarios: scenariosOf(sites, bySite),
  }));
  const progress = new Progress();
  const verdicts = await answersTo(jobs, {
    workers,
    cache,
    onAnswer: (answered) =>
      progress.show(() => `${answered} of ${counted(jobs.length, "question")} answered`),
  });
  progress.end();
  return jobs.map(({ sites, scenarios }, at) => ({
    sites,
    kind: sites.length > 1 ? "pair" : bySite.get(sites[0]!)!.kind,
    scenarios,
    found: verdicts[at]!,
  }));
}

function scenariosOf(sites: readonly string[], bySite: ReadonlyMap<string, Guard>): readonly string[] {
  const [first, ...others] = sites.map((site) => bySite.get(site)!.scenarios);
  return first!.filter((name) => others.every((scenarios) => scenarios.includes(name)));
}
