/** The findings: a list, and the one that is looked at. */

import type { FindingData } from "../src/report/report-data.ts";
import { columnsView } from "./columns.ts";
import { Cursor } from "./cursor.ts";
import { button, copyButton, counted, element } from "./dom.ts";
import { scrubber } from "./scrubber.ts";
import { tablesView } from "./tables.ts";
import { timelineView } from "./timeline.ts";

/** The whole section. */
export function findingsSection(findings: readonly FindingData[]): HTMLElement {
  if (findings.length === 0) {
    return element("p", { class: "quiet" }, "Nothing was found. What was searched is below.");
  }
  const detail = element("div", { class: "detail", id: "finding" });
  const entries = findings.map((finding, at) => {
    const entry = button("", `${finding.oracle}: ${finding.message}`, () => select(at), "entry");
    entry.append(
      element("b", {}, finding.oracle),
      element("span", {}, finding.message),
      element("small", {}, `${finding.scenario} on ${finding.kernel}`),
    );
    return entry;
  });
  const select = (at: number): void => {
    entries.forEach((entry, other) => entry.setAttribute("aria-current", String(other === at)));
    detail.replaceChildren(...detailOf(findings[at]!));
  };
  const list = element(
    "ul",
    { class: "list", "aria-label": "Findings" },
    ...entries.map((entry) => element("li", {}, entry)),
  );
  list.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = entries.indexOf(document.activeElement as HTMLButtonElement);
    if (by === undefined || at < 0) return;
    event.preventDefault();
    entries[(at + by + entries.length) % entries.length]!.focus();
  });
  // What follows measures itself, so it must stand in the document first.
  queueMicrotask(() => select(0));
  return element("div", { class: "findings" }, list, detail);
}

function detailOf(finding: FindingData): readonly HTMLElement[] {
  const head = headOf(finding);
  if (finding.recording.steps.length === 0) {
    return [head, element("p", { class: "stale" }, finding.stale ?? "This execution has no steps.")];
  }
  const { recording } = finding;
  const cursor = new Cursor(recording.steps.length, recording.steps.length - 1);
  return [
    head,
    element(
      "div",
      { class: "player" },
      timelineView(recording, cursor),
      scrubber(recording, cursor),
      tablesView(recording, cursor),
    ),
    columnsView(finding, cursor),
  ];
}

function headOf(finding: FindingData): HTMLElement {
  const { oracle, message, details, signature, token } = finding;
  const facts = [
    `${finding.scenario} on ${finding.kernel}`,
    counted(finding.preemptions, "preemption"),
    counted(finding.recording.steps.length, "step"),
    ...(finding.memory === "sc" ? [] : [`under ${finding.memory}`]),
    ...finding.ablations.map((site) => `without ${site}`),
    ...finding.alsoSeen.map((place) => `also: ${place}`),
  ];
  const command = `npx mmrace replay ${token}`;
  return element(
    "header",
    { class: "finding-head" },
    element("h3", {}, element("span", { class: "oracle" }, oracle), message),
    ...details.map((line) => element("p", { class: "detail-line" }, line)),
    element("ul", { class: "facts" }, ...facts.map((fact) => element("li", {}, fact))),
    element("p", { class: "signature" }, signature),
    element(
      "p",
      { class: "token" },
      element("code", { title: token }, command),
      copyButton("Copy command", "Copy the command that replays this finding", () => command),
    ),
  );
}
