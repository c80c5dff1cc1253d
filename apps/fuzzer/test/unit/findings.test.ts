/** What shows findings on a kernel compiles; what a kernel does about it is up to the kernel. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compiled, hasCompiler } from "../compiler.ts";

const PROGRAM = new URL("../../../../docs/findings/confirm.c", import.meta.url);

test.runIf(hasCompiler())("confirm.c compiles without a warning, and says how it is used", () => {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-findings-"));
  try {
    const program = compiled(folder, "confirm", readFileSync(PROGRAM, "utf8"));
    const { status, stderr } = spawnSync(program, [], { encoding: "utf8" });
    expect([status, stderr]).toEqual([2, "Usage: confirm wp|copy|poison|collapse|unregister\n"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
