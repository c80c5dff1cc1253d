/** `mmrace why TARGET --diff OLDER NEWER`: what became needed or redundant, and the commit that did it. */

import { UsageError } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { mmrace, type Run } from "../run.ts";

interface Difference {
  readonly site: string;
  readonly turn: string;
  readonly before: { readonly verdict: string; readonly token?: string };
  readonly after: { readonly verdict: string; readonly token?: string };
  readonly cause?: {
    readonly between: readonly string[] | null;
    readonly evidence: string | null;
    readonly parts: readonly { readonly commits: readonly { readonly id: string | null }[] }[];
  };
}

const QUICK = ["--preemptions", "1", "--executions", "300", "--fuzz", "0", "--no-cache"];

function differencesOf({ parsed }: Run): readonly Difference[] {
  return parsed["differences"] as readonly Difference[];
}

async function differences(...args: readonly string[]): Promise<readonly Difference[]> {
  return differencesOf(await mmrace("why", ...args, ...QUICK));
}

/** Ids of the commits, for causes of which there is evidence. */
function commitsOf({ cause }: Difference): readonly (string | null)[] {
  expect(cause?.evidence).not.toBeNull();
  return cause?.parts.flatMap(({ commits }) => commits.map(({ id }) => id)) ?? [];
}

const retract = [
  "retract_page_tables",
  "--own",
  "--scenario",
  "dontneed-vs-retract",
  "--scenario",
  "mremap-vs-retract",
];

test("6.12 to 6.14: reclaim made the PMD lock needed, and the second look made up for i_mmap_rwsem", async () => {
  const run = await mmrace("why", ...retract, "--diff", "6.12", "6.14", ...QUICK);
  const bySite = new Map(differencesOf(run).map((one) => [one.site, one]));
  const pml = bySite.get("retract_page_tables/spin_lock/pmd_lock")!;
  expect(pml).toMatchObject({
    turn: "became needed",
    before: { verdict: "not needed within bound" },
    after: { verdict: "needed" },
    cause: { between: ["6.12", "6.14"], evidence: "needed for it" },
  });
  expect(commitsOf(pml)).toEqual(["6375e95f381e"]);
  expect((await mmrace("replay", pml.after.token!)).exitCode).toBe(3);
  const rwsem = bySite.get("retract_page_tables/down_read/i_mmap_rwsem")!;
  expect(rwsem).toMatchObject({
    turn: "became redundant",
    before: { verdict: "needed" },
    cause: { between: ["6.12", "6.14"], evidence: "enough alone" },
  });
  expect(commitsOf(rwsem)).toEqual(["6c18ec9af86c"]);
  expect(run.text).toMatch(/became needed: on 6\.12 not needed within bound: .*; on 6\.14 needed: /);
  expect(run.text).toMatch(/By 6375e95f381e \(6\.14\), .*: taken back from 6\.14, it is undone\./);
  expect(run.text).toMatch(/\d+ guards of retract_page_tables changed from 6\.12 to 6\.14; \d+ did not\.$/);
});

test("a step is found between releases that are further apart", async () => {
  const only = ["--scenario", "mremap-vs-retract"];
  const [recheck, ...more] = await differences(
    "move_normal_pmd/read_once/pmd/2",
    ...only,
    "--diff",
    "6.6",
    "6.18",
  );
  expect(more).toEqual([]);
  // On 6.6 the scenario goes wrong anyway: it is T1-01.
  expect(recheck).toMatchObject({ turn: "can be shown since", cause: { between: ["6.11", "6.12"] } });
  expect(commitsOf(recheck!)).toEqual(["6fa1066fc5d0"]);
});

test("where the older release goes wrong with the guard too, the need can only be shown since", async () => {
  const site = "collapse_pte_mapped_thp/spin_lock/pte_lock";
  const found = await differences(site, "--scenario", "cpmt-vs-uffdcopy", "--diff", "6.9", "6.11");
  expect(found).toMatchObject([
    {
      turn: "can be shown since",
      before: { verdict: "not needed within bound", leftOut: ["cpmt-vs-uffdcopy"] },
      after: { verdict: "needed", scenario: "cpmt-vs-uffdcopy" },
    },
  ]);
  expect(commitsOf(found[0]!)).toEqual(["4828d207dc51"]);
});

test("a proposal is compared with its release: no commit, but the procedure", async () => {
  const only = ["--scenario", "cpmt-vs-uffdcopy", "--own"];
  const found = await differences("collapse_pte_mapped_thp", ...only, "--diff", "6.18", "6.18-trylock");
  expect(found.map(({ site }) => site)).toContain("collapse_pte_mapped_thp/spin_trylock/pmd_lock");
  for (const { cause } of found) expect(cause?.parts.flatMap(({ commits }) => commits) ?? []).toEqual([]);
});

test("in Markdown", async () => {
  const site = "retract_page_tables/spin_lock/pmd_lock";
  const only = ["--scenario", "dontneed-vs-retract", ...QUICK];
  const { text } = await mmrace("why", site, ...only, "--diff", "6.12", "6.14", "--markdown");
  expect(text).toMatch(
    /^retract_page_tables\/spin_lock\/pmd_lock, from Linux 6\.12 to 6\.14; searched within 1 preemption/,
  );
  expect(text).toMatch(/\| `retract_page_tables\/spin_lock\/pmd_lock` \| became needed \| .* \| `mmr1\./);
});

test("without a target: the procedures that differ", async () => {
  const run = await mmrace("why", "--diff", "6.11", "6.12", "--scenario", "mremap-vs-retract", ...QUICK);
  expect(run.parsed).toMatchObject({ target: null, kernels: ["6.11", "6.12"] });
  const found = differencesOf(run);
  expect(found.map(({ site }) => site)).toEqual(["move_normal_pmd/read_once/pmd"]);
  await expect(mmrace("why")).rejects.toThrow(/Name a procedure/);
});

test.each([
  [["6.12"], /two releases, the older one first/],
  [["6.1", "6.6", "6.12"], /two releases/],
  [["6.14", "6.12"], /6\.14 is not older than 6\.12/],
  [["6.12", "9.9"], /no kernel "9\.9"/],
  [["6.12", "6.14", "--pairs"], /without --with, --pairs and --columns/],
])("--diff %j", async (releases, message) => {
  const run = mmrace("why", "retract_page_tables", "--diff", ...releases);
  await expect(run).rejects.toThrow(UsageError);
  await expect(mmrace("why", "retract_page_tables", "--diff", ...releases)).rejects.toThrow(message);
});

test("a target that neither release has", async () => {
  const run = mmrace(
    "why",
    "retract_page_table",
    "--scenario",
    "mremap-vs-retract",
    "--diff",
    "6.12",
    "6.14",
    ...QUICK,
  );
  await expect(run).rejects.toThrow(/No scenario comes to "retract_page_table" on 6\.14/);
});
