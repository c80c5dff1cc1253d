#!/usr/bin/env node
// `npx mmrace ...` inside the repository: the command line built from these sources.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkNode, ensureBuilt, ensureInstalled, root } from "./workspace.mjs";

checkNode();
ensureInstalled();
ensureBuilt();
const program = join(root, "apps/fuzzer/dist/main.js");
// Ctrl-C reaches the program too; it saves its state and ends, and this process waits for it.
process.on("SIGINT", () => {});
const { status, signal } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
