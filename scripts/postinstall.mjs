// After any package manager's install in the root. npm sees only the root's own dependencies: the rest is pnpm's work.

import { linkLauncher } from "./link-launcher.mjs";
import { checkNode, ensureInstalled } from "./workspace.mjs";

if (process.env.npm_config_user_agent?.startsWith("npm/")) {
  checkNode();
  ensureInstalled();
}
linkLauncher();
