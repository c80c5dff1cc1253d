// Behind `npm start`: a fuzz campaign that finds a race of the kernel's history and prints it.

import { ensureBuilt, root, run } from "./workspace.mjs";
import { join } from "node:path";

const VIOLATION_FOUND = 3;

ensureBuilt();
const campaign = ["fuzz", "cpmt-vs-uffdcopy", "--seed", "1", "--executions", "20000", "--stop-on-first"];
console.log(`$ npx mmrace ${campaign.join(" ")}\n`);
const status = run(process.execPath, [join(root, "apps/fuzzer/dist/main.js"), ...campaign]);
if (status !== VIOLATION_FOUND) {
  console.error(
    `The demo campaign should have found its race and ended with ${VIOLATION_FOUND}; it ended with ${status}.`,
  );
  process.exit(1);
}
