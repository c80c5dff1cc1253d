/** Verdicts on all guards of a target, on one release. */

import type { ScenarioFamily } from "@mmrace/mm";
import { sourcesOf, type Change } from "../changes/change.ts";
import { Progress } from "../report/progress.ts";
import { counted } from "../report/violation-text.ts";
import { answersTo } from "./answers.ts";
import { guardsOf, type Guard } from "./guards.ts";
import type { WhyBounds } from "./bounded-search.ts";
import type { WhyJob, WhyVerdict } from "./judge.ts";
import { identityOf, kernelOf } from "./kernel-spec.ts";
import { namesOf } from "./subjects.ts";
import type { Row } from "./table.ts";
import { isOpen, joined, verdictOf, type RowVerdict } from "./verdicts.ts";

/** What is asked. */
export interface Question {
  readonly target: string;
  readonly release: string;
  readonly changes: readonly Change[];
  readonly families: readonly ScenarioFamily[];
  /** Only the procedure's own guards. */
  readonly own: boolean;
  readonly bounds: WhyBounds;
  /** Generated programs to search as well, for each guard. */
  readonly programs: number;
  /** Executions of campaigns, for each guard that the search says nothing final about. */
  readonly fuzz: number;
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

function guardsIn({ target, release, changes, families, own, cache, programs }: Question): readonly Guard[] {
  const spec = { kernel: release, changes };
  return guardsOf(target, kernelOf(spec), {
    families,
    own,
    identity: identityOf(spec),
    cache,
    programs,
  });
}

/** One row for each group of guards, searched in the scenarios and programs that come to all of them. */
async function rowsOf(
  groups: readonly (readonly string[])[],
  guards: readonly Guard[],
  question: Question,
): Promise<readonly Row[]> {
  const bySite = new Map(guards.map((guard) => [guard.site, guard]));
  const rows = groups.map((sites) => ({
    sites,
    kind: sites.length > 1 ? ("pair" as const) : bySite.get(sites[0]!)!.kind,
    scenarios: ofAll(sites, bySite, "scenarios"),
    programs: ofAll(sites, bySite, "programs"),
  }));
  const verdicts = await searched(rows, question);
  return rows.map((row, at) => ({ ...row, programs: namesOf(row.programs), found: verdicts[at]! }));
}

/** What is asked about. */
type Asked = Pick<WhyJob, "sites" | "scenarios"> & Required<Pick<WhyJob, "programs">>;

/** The scenarios first; programs for what is still open then, as nobody chose what is in them; and then campaigns on both. */
async function searched(rows: readonly Asked[], question: Question): Promise<readonly RowVerdict[]> {
  const { release, changes, bounds, fuzz } = question;
  const sources = sourcesOf(changes);
  const common = { ...bounds, kernel: release, ...(sources.length === 0 ? {} : { changes: sources }) };
  const answers = await answered(
    rows.map(({ sites, scenarios }) => ({ ...common, sites, scenarios })),
    question,
  );
  const verdicts = answers.map(verdictOf);
  const goOn = async (jobFor: (row: Asked, verdict: RowVerdict) => WhyJob): Promise<void> => {
    const open = rows.flatMap((row, at) => {
      if (!isOpen(verdicts[at]!)) return [];
      const job = jobFor(row, verdicts[at]!);
      return job.scenarios.length + job.programs!.length === 0 ? [] : [{ at, job }];
    });
    const more = await answered(
      open.map(({ job }) => job),
      question,
    );
    for (const [nth, { at, job }] of open.entries()) verdicts[at] = joined(verdicts[at]!, more[nth]!, job);
  };
  await goOn(({ sites, programs }) => ({ ...common, sites, scenarios: [], programs }));
  if (fuzz > 0)
    await goOn(({ sites, ...row }, verdict) => ({
      ...common,
      sites,
      ...unfinished(row, verdict),
      fuzzed: fuzz,
    }));
  return verdicts;
}

/** Where there is something left to find: nowhere when all was searched through, and not where there are findings anyway. */
function unfinished(
  { scenarios, programs }: Omit<Asked, "sites">,
  { complete, leftOut }: RowVerdict,
): Omit<Asked, "sites"> {
  if (complete) return { scenarios: [], programs: [] };
  const names = namesOf(programs);
  return {
    scenarios: scenarios.filter((name) => !leftOut.includes(name)),
    programs: programs.filter((_, at) => !leftOut.includes(names[at]!)),
  };
}

async function answered(
  jobs: readonly WhyJob[],
  { workers, cache }: Question,
): Promise<readonly WhyVerdict[]> {
  const progress = new Progress();
  const verdicts = await answersTo(jobs, {
    workers,
    cache,
    onAnswer: (count) => progress.show(() => `${count} of ${counted(jobs.length, "question")} answered`),
  });
  progress.end();
  return verdicts;
}

function ofAll(
  sites: readonly string[],
  bySite: ReadonlyMap<string, Guard>,
  what: "scenarios" | "programs",
): readonly string[] {
  const [first, ...others] = sites.map((site) => bySite.get(site)![what]);
  return first!.filter((name) => others.every((names) => names.includes(name)));
}
