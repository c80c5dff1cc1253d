// Behind `npm start`, `npm test` and `npm run setup`: install if needed, then run one script of package.json.

import { linkLauncher } from "./link-launcher.mjs";
import { checkNode, ensureInstalled, run } from "./workspace.mjs";

checkNode();
ensureInstalled();
linkLauncher();
const [script, ...args] = process.argv.slice(2);
if (script !== undefined) process.exit(run("pnpm", ["run", "--silent", script, ...args]));
