// What each step of the page-table protocol is for: takes the sites of 6.18 out of their scenarios one by one, searches,
// and writes down what notices, or why nothing does. Needs a build.
//
//   node bench/ablation-matrix.mjs             search, and write docs/model/ablation-matrix.md
//   node bench/ablation-matrix.mjs --only RE   search the sites that the pattern fits, and keep the other rows
//   node bench/ablation-matrix.mjs --explain   keep what was searched, and write the reasons of ablation-reasons.mjs anew

import { readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { scenarioFamilies } from "@mmrace/mm";
import { pageText, rowsOf } from "./ablation-page.mjs";
import { bounds, search } from "./ablation-worker.mjs";

const WORKERS = 3;
const PAGE = new URL("../docs/model/ablation-matrix.md", import.meta.url);

const onlyAt = process.argv.indexOf("--only");
const only = onlyAt < 0 ? undefined : new RegExp(process.argv[onlyAt + 1]);
const known = rowsOf(readFileSync(PAGE, "utf8"));
const rows = process.argv.includes("--explain") ? known : await searchAll();
writeFileSync(PAGE, pageText(rows, bounds));

async function searchAll() {
  const all = discover();
  const sites = only === undefined ? all : all.filter(({ site }) => only.test(site));
  const familiesOf = new Map(all.map(({ site, families }) => [site, families.length]));
  const isSearched = new Set(sites.map(({ site }) => site));
  const rows = known
    .filter(({ site }) => familiesOf.has(site) && !isSearched.has(site))
    .map((row) => ({ ...row, families: familiesOf.get(row.site) }));
  let next = 0;
  const work = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./ablation-worker.mjs", import.meta.url));
      const send = () =>
        next < sites.length ? worker.postMessage(sites[next++]) : resolve(worker.terminate());
      worker.on("error", reject);
      worker.on("message", (row) => {
        rows.push(row);
        if (rows.length % 50 === 0) process.stderr.write(`${rows.length} of ${all.length} sites\n`);
        send();
      });
      send();
    });
  await Promise.all(Array.from({ length: WORKERS }, work));
  const { user, system } = process.cpuUsage();
  process.stderr.write(`${rows.length} sites, ${Math.round((user + system) / 1e6)} s of processor time\n`);
  return rows.toSorted((a, b) => (a.site < b.site ? -1 : 1));
}

/** The sites that the families come to within the bounds, each with its families, those with the fewest steps first. */
function discover() {
  const sites = new Map();
  for (const family of scenarioFamilies) {
    const own = new Map();
    const observer = {
      onStep: (_thread, { site, kind }) => own.set(site.address, kind.isIndispensable === true),
    };
    const { violations, executions, steps } = search(family, { stopAtFirst: false, observers: [observer] });
    if (violations.length > 0)
      throw new Error(`${family.name} speaks on ${bounds.release} as it is: ${violations[0].oracle}.`);
    for (const [site, isIndispensable] of own) {
      const known = sites.get(site) ?? { site, isIndispensable: false, families: [] };
      known.isIndispensable ||= isIndispensable;
      known.families.push({ name: family.name, executions, steps });
      sites.set(site, known);
    }
  }
  for (const { families } of sites.values()) families.sort((a, b) => a.steps - b.steps);
  return [...sites.values()].toSorted((a, b) => b.families.length - a.families.length);
}
