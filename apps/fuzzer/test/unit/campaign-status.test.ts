/** What a campaign says while it runs: to a terminal, to a log, and to other programs. Time is what the test says. */

import type { Violation } from "@mmrace/scheduler";
import { beforeEach, expect, test, vi } from "vitest";
import { CampaignStatus, type Standing } from "../../src/report/campaign-status.ts";
import { Progress } from "../../src/report/progress.ts";

let now = 0;
vi.mock("../../src/clock.ts", () => ({ nowMs: () => now }));

let written = "";
beforeEach(() => {
  now = 0;
  written = "";
});

function stream(isTTY: boolean, columns = 120) {
  return { isTTY, columns, write: (text: string) => (written += text) };
}

function standing(executions: number, features: number, workers: readonly number[] = []): Standing {
  return {
    scenario: "some",
    kernel: "6.12",
    executions,
    executionsMax: 20_000,
    steps: executions * 50,
    corpus: 7,
    features: { "reads-from": features, "lock hand-over": 3 },
    findings: 2,
    workers,
  };
}

/** The start of what moves the cursor, or clears. */
const ESCAPE = "\u001b[";

/** What a terminal shows after all that was written to it. */
function screen(): readonly string[] {
  const lines = [""];
  let row = 0;
  let isAtStart = true;
  let rest = written;
  const take = (text: string): boolean => {
    if (!rest.startsWith(text)) return false;
    rest = rest.slice(text.length);
    return true;
  };
  while (rest !== "") {
    if (take("\r")) isAtStart = true;
    else if (take("\n")) {
      lines[++row] ??= "";
      isAtStart = true;
    } else if (take(`${ESCAPE}K`)) continue;
    else if (take(`${ESCAPE}J`)) lines.splice(row, Infinity, isAtStart ? "" : lines[row]!);
    else if (take(ESCAPE)) {
      const up = /^(\d+)A/.exec(rest)!;
      row -= Number(up[1]);
      take(up[0]);
    } else {
      // Text is only ever written from the start of a line.
      const end = [...rest].findIndex((one) => one === "\n" || one === "\r" || one === ESCAPE[0]);
      isAtStart = false;
      lines[row] = end < 0 ? rest : rest.slice(0, end);
      rest = end < 0 ? "" : rest.slice(end);
    }
  }
  return lines;
}

test("on a terminal: a block that is rewritten, with speed, features and workers", () => {
  const status = new CampaignStatus(3, undefined, new Progress(stream(true)));
  status.begin("some", "6.12");
  now = 1000;
  status.note(() => standing(1000, 10, [600, 400]));
  now = 3000;
  status.note(() => standing(5000, 10, [1100, 900]));
  expect(screen()).toEqual([
    "some on 6.12, 1 of 3, 0:03",
    "  executions 5,000 of 20,000 (25 %), 2,000/s, 100,000 steps/s",
    "  features   10 reads-from + 3 lock hand-over",
    "  corpus     7, last new feature 2 s ago",
    "  findings   2",
    "  workers    1: 1,100/s  2: 900/s",
  ]);
  status.end(standing(5000, 10));
  expect(screen()).toEqual([""]);
});

test("of a hunt: how many programs, and how many were kept", () => {
  for (const isTTY of [true, false]) {
    const status = new CampaignStatus(1, undefined, new Progress(stream(isTTY)));
    status.begin("generated programs", "6.12");
    now += 6000;
    status.note(() => ({ ...standing(1000, 10), programs: { tried: 1200, of: 5000, kept: 40 } }));
  }
  expect(written).toContain("programs   1,200 of 5,000, 40 kept");
  expect(written).toContain(", programs 1,200/5,000 (40 kept), 2 findings");
});

test("a finding stays on the terminal, above the block", () => {
  const status = new CampaignStatus(1, undefined, new Progress(stream(true)));
  status.begin("some", "6.12");
  now = 1000;
  status.note(() => standing(1000, 10));
  status.found({ oracle: "lost entry", message: "it is gone" } as Violation, "out/findings/lost");
  now = 2000;
  status.note(() => standing(2000, 10));
  expect(screen()[0]).toBe("Found lost entry: it is gone (out/findings/lost)");
  expect(screen()).toHaveLength(6);
});

test("lines are cut to the width of the terminal", () => {
  const status = new CampaignStatus(1, undefined, new Progress(stream(true, 40)));
  status.begin("some", "6.12");
  now = 1000;
  status.note(() => standing(1000, 10));
  expect(Math.max(...screen().map((line) => line.length))).toBe(39);
});

test("elsewhere: a plain line now and then", () => {
  const status = new CampaignStatus(1, undefined, new Progress(stream(false)));
  status.begin("some", "6.12");
  for (now = 0; now <= 10_000; now += 50) status.note(() => standing(now * 2, 10));
  expect(written.trimEnd().split("\n")).toEqual([
    "some on 6.12: 10,000/20,000 executions, 2,000/s, 100,000 steps/s, corpus 7, features 10 reads-from + 3 lock hand-over (last new just now), 2 findings",
    expect.stringMatching(/^some on 6\.12: 20,000\/20,000 executions, 2,000\/s, .* \(last new 5 s ago\)/),
  ]);
});

test("as events: one object a line, and no text", () => {
  const events: Readonly<Record<string, unknown>>[] = [];
  const status = new CampaignStatus(1, (event) => void events.push(event), new Progress(stream(true)));
  status.begin("some", "6.12");
  now = 1000;
  status.note(() => standing(1000, 10));
  now = 1100;
  status.note(() => standing(1100, 10));
  status.found({ oracle: "lost entry", signature: "s", token: "t" } as Violation, "dir");
  now = 2000;
  status.end(standing(2000, 10));
  expect(written).toBe("");
  expect(events).toMatchObject([
    { event: "begin", scenario: "some", kernel: "6.12" },
    { event: "progress", executions: 1000, executionsPerSecond: 1000, stepsPerSecond: 50_000, lastNewMs: 0 },
    { event: "finding", oracle: "lost entry", signature: "s", token: "t", directory: "dir" },
    { event: "end", executions: 2000, elapsedMs: 2000 },
  ]);
});
