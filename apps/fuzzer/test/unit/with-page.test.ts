/** The example of docs/why/bring-your-own-change.md: what the page tells to do is done, outside the repository. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mmrace } from "../run.ts";

const ROOT = new URL("../../../../", import.meta.url);
const page = readFileSync(new URL("docs/why/bring-your-own-change.md", ROOT), "utf8");
const folder = mkdtempSync(join(tmpdir(), "mmrace-with-page-"));
afterAll(() => rmSync(folder, { recursive: true }));

function block(language: string, containing: string): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  const found = blocks.find(([, kind, text]) => kind === language && text!.includes(containing));
  if (found === undefined) throw new Error(`the page has no ${language} with ${containing}`);
  return found[2]!;
}

/** The copy and the edit of the page. */
beforeAll(() => {
  const [, from, to, source, copy] = /^sed -E 's#(.+)#(.+)#' (\S+) > (\S+)\n$/.exec(block("sh", "sed -E"))!;
  const text = readFileSync(new URL(source!, ROOT), "utf8");
  writeFileSync(join(folder, copy!), text.replaceAll(new RegExp(from!, "g"), to!));
  writeFileSync(join(folder, "change.diff"), block("diff", "my-retract.ts"));
  execFileSync("git", ["apply", "--unidiff-zero", "change.diff"], { cwd: folder });
});

test("the copy, the edit, the run: the page shows what comes out", async () => {
  const [command] = block("sh", "mmrace explore guard").trim().split("\n");
  const args = command!.split(" ").slice(2);
  const run = await mmrace(...args.map((arg) => (arg === "my-retract.ts" ? join(folder, arg) : arg)));
  expect(run.exitCode).toBe(3);
  expect(run.text.replaceAll(`${folder}/`, "").trimEnd()).toBe(block("text", "CPU0").trimEnd());
});

test("its token replays with the file, and with it only", async () => {
  const token = /mmr1\.[\w-]+/.exec(block("text", "Token:"))![0];
  const file = join(folder, "my-retract.ts");
  expect((await mmrace("replay", "--with", file, token)).exitCode).toBe(3);
  await expect(mmrace("replay", token)).rejects.toThrow(/another retract_page_tables.*--with FILE/);
});
