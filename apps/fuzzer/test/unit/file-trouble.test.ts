/** What is said about files that cannot be used: which, why, and what can be done. */

import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileTrouble, isFileError } from "../../src/engine/file-trouble.ts";
import { writeWhole } from "../../src/engine/json-file.ts";

test.each([
  ["EROFS", "the file system is read-only. Name another directory"],
  ["EACCES", "there is no permission. Name another directory"],
  ["ENOSPC", "the disk is full. Make room"],
  ["EDQUOT", "the disk quota is used up. Make room"],
  ["ENOTDIR", "a file stands where a directory should be. Name another directory"],
  ["ENOENT", "it does not exist. (ENOENT"],
  ["EIO", "cannot be used: EIO: some words"],
])("%s: %s", (code, words) => {
  const error = Object.assign(new Error(`${code}: some words`), { code, syscall: "open", path: "a/b" });
  expect(isFileError(error)).toBe(true);
  expect(fileTrouble(error)).toContain("The file a/b cannot be used: ");
  expect(fileTrouble(error)).toContain(words);
});

test("other errors are not of files", () => {
  expect(isFileError(new TypeError("x is not a function"))).toBe(false);
  expect(isFileError(Object.assign(new Error("connect"), { syscall: "connect" }))).toBe(false);
});

test.skipIf(!existsSync("/dev/full"))(
  "a write that fails leaves the old file, nothing half, and says of which file",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "mmrace-full-"));
    const file = join(folder, "state.json");
    writeWhole(file, "old");
    symlinkSync("/dev/full", `${file}.part`);
    expect(() => writeWhole(file, "new")).toThrow(expect.objectContaining({ code: "ENOSPC", path: file }));
    expect(readdirSync(folder)).toEqual(["state.json"]);
    rmSync(folder, { recursive: true });
  },
);
