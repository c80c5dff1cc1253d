/** A folder of each test's own. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

/** Where a test may write, and what went to standard error meanwhile instead of to the terminal. */
export interface Own {
  folder: string;
  said: string;
}

/** To be called once in a file of tests: both are fresh for each. */
export function ownFolder(name: string): Own {
  const own: Own = { folder: "", said: "" };
  beforeEach(() => {
    own.said = "";
    own.folder = mkdtempSync(join(tmpdir(), `mmrace-${name}-`));
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      own.said += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(own.folder, { recursive: true });
  });
  return own;
}
