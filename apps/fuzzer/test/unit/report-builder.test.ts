/** Reports of directories that are not as they should be: what can be shown is shown, and the rest is said. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeToken, encodeToken } from "@mmrace/scheduler";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { buildReport } from "../../src/report/report-builder.ts";
import { mmrace } from "../run.ts";

let campaign = "";
let said = "";
beforeAll(async () => {
  campaign = mkdtempSync(join(tmpdir(), "mmrace-builder-"));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  await mmrace("fuzz", "T1-01", "--executions", "200", "--out", campaign);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(campaign, { recursive: true });
});
beforeEach(() => {
  said = "";
});

/** Rewrites a file of the campaign while something is looked at. */
function changed<T>(file: string, change: (text: string) => string, look: () => T): T {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, change(text));
  try {
    return look();
  } finally {
    writeFileSync(file, text);
  }
}

const stateFile = (): string =>
  join(
    campaign,
    readdirSync(campaign).find((name) => name.startsWith("campaign-"))!,
  );
const findingFile = (): string =>
  join(campaign, "findings", readdirSync(join(campaign, "findings"))[0]!, "finding.json");

/** Gives the finding another token. */
function withToken(change: (token: string) => string): (text: string) => string {
  return (text) =>
    text.replace(/"token": "(mmr1\.[^"]+)"/, (_, token: string) => `"token": "${change(token)}"`);
}

test("as it is: campaign, growth, pairs of procedures, the finding step by step", () => {
  const { campaigns, findings } = buildReport(campaign);
  expect(campaigns).toMatchObject([
    { scenario: "mremap-vs-retract", kernel: "6.11", executions: 200, state: "done" },
  ]);
  expect(campaigns[0]!.growth.at(-1)).toMatchObject({ executions: 200, findings: 1 });
  expect(campaigns[0]!.heat.find(({ map }) => map === "reads-from")!.procedures).toContain("move_normal_pmd");
  expect(findings).toMatchObject([{ oracle: "table shape", kernel: "6.11" }]);
  expect(findings[0]!.stale).toBeUndefined();
  expect(findings[0]!.recording.steps.length).toBeGreaterThan(20);
  expect(said).toBe("");
});

test("a token of another model is said to be one", () => {
  const foreign = (token: string): string => encodeToken({ ...decodeToken(token), fingerprint: 1 });
  const { findings } = changed(findingFile(), withToken(foreign), () => buildReport(campaign));
  expect(findings[0]!.stale).toMatch(/^replay diverged: The token was made on model 00000001/);
  expect(findings[0]!.recording.steps).toEqual([]);
});

test("a scenario that this version does not have ends nothing", () => {
  const unknown = (token: string): string => encodeToken({ ...decodeToken(token), scenario: "gone" });
  const { findings } = changed(findingFile(), withToken(unknown), () => buildReport(campaign));
  expect(findings[0]!.stale).toMatch(/There is no scenario "gone"/);
  const rename = (text: string): string => text.replace('"mremap-vs-retract":', '"gone":');
  const { campaigns } = changed(stateFile(), rename, () => buildReport(campaign));
  expect(campaigns).toMatchObject([{ scenario: "gone", executions: 200, heat: [] }]);
  expect(said).toMatch(/There is no scenario "gone"/);
});

test("a damaged campaign is moved aside, and the findings are shown", () => {
  const file = stateFile();
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.slice(0, 50));
  const { campaigns, findings } = buildReport(campaign);
  expect([campaigns.length, findings.length]).toEqual([0, 1]);
  expect(said).toMatch(/A campaign was damaged: moved to .*\.quarantine\./);
  writeFileSync(file, text);
});

test.each([
  ["no-such-directory", /There is no directory .*no-such-directory\. A campaign makes one/],
  ["findings", /findings holds no campaign\. One is made there by/],
])("%s is refused with a sentence", (name, message) => {
  expect(() => buildReport(join(campaign, name))).toThrow(message);
});
