/** The report page: reads its data from the document and builds everything else. */

import type { ReportData } from "../src/report/report-data.ts";
import { element } from "./dom.ts";
import { findingsSection } from "./findings.ts";
import { growthSection } from "./growth.ts";
import { heatSection } from "./heat.ts";
import { overview } from "./overview.ts";
import { themeButton } from "./theme.ts";
import { whySection } from "./why.ts";

const data = JSON.parse(document.getElementById("data")!.textContent) as ReportData;
const root = document.getElementById("report")!;

const sections: readonly (readonly [id: string, title: string, body: HTMLElement])[] = [
  ["findings", "Findings", findingsSection(data.findings)],
  ["coverage", "Coverage", growthSection(data.campaigns)],
  ["procedures", "Procedures", heatSection(data.campaigns)],
  ...(data.why.length === 0 ? [] : [["why", "Guards", whySection(data.why)] as const]),
];

root.append(
  element(
    "header",
    { class: "top" },
    element(
      "h1",
      {},
      element("span", { class: "brand" }, "mmrace"),
      " ",
      element("span", { class: "campaign" }, data.title),
    ),
    element(
      "nav",
      { "aria-label": "Parts of the report" },
      ...sections.map(([id, title]) => element("a", { href: `#${id}` }, title)),
    ),
    themeButton(),
  ),
  overview(data),
  ...sections.map(([id, title, body]) =>
    element(
      "section",
      { id, "aria-labelledby": `${id}-title` },
      element("h2", { id: `${id}-title` }, title),
      body,
    ),
  ),
  element("footer", {}, `Written by mmrace ${data.version}. Nothing on this page is loaded from elsewhere.`),
);
