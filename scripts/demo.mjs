// Behind `npm start`: a fuzz campaign that finds a race of the kernel's history and prints it.

import { ensureBuilt, program, run } from "./workspace.mjs";

const VIOLATION_FOUND = 3;
const campaign = ["fuzz", "cpmt-vs-uffdcopy", "--seed", "1", "--executions", "20000", "--stop-on-first"];

ensureBuilt();
console.log(`$ npx mmrace ${campaign.join(" ")}\n`);
const status = run(process.execPath, [program, ...campaign]);
if (status !== VIOLATION_FOUND) {
  console.error(
    `The demo should have found its race and ended with ${VIOLATION_FOUND}; it ended with ${status}.`,
  );
  process.exit(1);
}
