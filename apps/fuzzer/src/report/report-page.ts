/** The report as one HTML file that needs nothing else: data, style and program stand in it. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "@mmrace/scheduler";
import type { ReportData } from "./report-data.ts";

/** Made by the build from the folder `page`. */
const bundle = fileURLToPath(new URL("../../dist-page/", import.meta.url));

/** The whole page. @throws {UsageError} when its program was not built. */
export function reportPage(data: ReportData): string {
  const program = asset("page.js");
  const style = asset("page.css");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    // The page asks nobody for anything, whatever stands in its data.
    `<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">`,
    `<title>mmrace report: ${data.title.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    '<main id="report"></main>',
    "<noscript>This report needs JavaScript; nothing is loaded from anywhere.</noscript>",
    `<script type="application/json" id="data">${inScript(JSON.stringify(data))}</script>`,
    `<script>${program.replaceAll("</script", "<\\/script")}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** JSON in which nothing ends the element it stands in, or begins a comment there. */
function inScript(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

function asset(name: string): string {
  const file = `${bundle}${name}`;
  if (!existsSync(file)) throw new UsageError(`The report page ${file} is missing: build the package first.`);
  return readFileSync(file, "utf8");
}
