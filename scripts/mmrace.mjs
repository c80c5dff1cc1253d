#!/usr/bin/env node
// `npx mmrace ...` inside the repository: the command line built from these sources. Says nothing on standard output.

import { pathToFileURL } from "node:url";
import { checkNode, ensureBuilt, ensureInstalled, program } from "./workspace.mjs";

checkNode();
ensureInstalled();
ensureBuilt();
// In this process, so that arguments, signals and the exit code are the program's own.
process.argv[1] = program;
await import(pathToFileURL(program).href);
