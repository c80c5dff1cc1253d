// Behind `npm test`: everything that must hold before a change lands. The tests come last: their tally is the last line.

import { ensureBrowser } from "./browser.mjs";
import { ensureRedis } from "./redis.mjs";
import { build, run } from "./workspace.mjs";

function step(what, command, ...args) {
  console.log(`\n== ${what}: ${command} ${args.join(" ")}`);
  const status = run(command, args);
  if (status !== 0) process.exit(status);
}

console.log("== build");
build();
step("types of tests and tools", "tsc", "-p", "tsconfig.json");
step("lint", "oxlint");
step("format", "oxfmt", "--check");
step("packed packages", "node", "tools/pack-check/pack-check.mjs");
console.log("\n== a browser for the report page");
if (!ensureBrowser()) process.exit(1);
console.log("\n== a server for campaigns over a queue");
if (!ensureRedis()) process.exit(1);
step("tests and house rules", "vitest", "run");
