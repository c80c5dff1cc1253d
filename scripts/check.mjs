// Behind `npm test`: everything that must hold before a change lands, cheapest first.

import { run } from "./workspace.mjs";

const steps = [
  ["types and build of the packages", "tsc", ["-b", "tsconfig.build.json"]],
  ["types of tests and tools", "tsc", ["-p", "tsconfig.json"]],
  ["lint", "oxlint", ["--deny-warnings"]],
  ["format", "oxfmt", ["--check"]],
  ["packed packages", "node", ["tools/pack-check/pack-check.mjs"]],
  ["tests", "vitest", ["run"]],
];

for (const [what, command, args] of steps) {
  console.log(`\n== ${what}: ${command} ${args.join(" ")}`);
  const status = run(command, args);
  if (status !== 0) {
    console.error(`\n${what} failed (exit code ${status}).`);
    process.exit(1);
  }
}
