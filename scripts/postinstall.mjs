// After an install in the root by any package manager. npm sees the root's dependencies alone, so pnpm installs again.

import { linkLauncher } from "./link-launcher.mjs";
import { checkNode, ensureInstalled } from "./workspace.mjs";

if (process.env.npm_config_user_agent?.startsWith("npm/")) {
  checkNode();
  ensureInstalled();
}
linkLauncher();
