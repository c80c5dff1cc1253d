// Makes `npx mmrace` find the launcher. A workspace dependency in the root would do the same, but then `npm install`
// could not read the root's package.json.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.mjs";

export function linkLauncher() {
  const bin = join(root, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  const link = join(bin, "mmrace");
  rmSync(link, { force: true });
  if (process.platform === "win32") {
    writeFileSync(`${link}.cmd`, `@node "%~dp0\\..\\..\\scripts\\mmrace.mjs" %*\r\n`);
  } else {
    symlinkSync("../../scripts/mmrace.mjs", link);
  }
}
