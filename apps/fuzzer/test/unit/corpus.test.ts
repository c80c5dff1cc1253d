/** Corpora on disk: made small, brought together, and carried over to another model, without losing anything. */

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scenarioFamily } from "@mmrace/mm";
import { describe, expect, test } from "vitest";
import { readManifest, writeManifest } from "../../src/corpus/manifest.ts";
import { loadCorpus } from "../../src/corpus/on-disk.ts";
import { Fuzzer } from "../../src/engine/fuzzer.ts";
import { ownFolder } from "../own-folder.ts";
import { mmrace } from "../run.ts";

const NAME = "cpmt-vs-uffdcopy-6.12";
const own = ownFolder("corpus");

/** A corpus of a short campaign. */
async function made(name: string, seed: number, strategy = "random"): Promise<string> {
  const directory = join(own.folder, name);
  const settings = ["--executions", "120", "--seed", String(seed), "--strategy", strategy];
  await mmrace("fuzz", "cpmt-vs-uffdcopy", "--kernel", "6.12", ...settings, "--corpus", directory);
  return directory;
}

const schedulesIn = (corpus: string): readonly string[] => readdirSync(join(corpus, NAME)).toSorted();

/** All that the schedules of a corpus show together. */
function shownBy(corpus: string): unknown {
  const fuzzer = new Fuzzer(scenarioFamily("cpmt-vs-uffdcopy").on("6.12"), {
    randomSeed: 1,
    strategy: "coverage",
    ablations: [],
    memory: "sc",
    stopOnFirst: false,
  });
  for (const { schedule } of loadCorpus(join(corpus, NAME)).files) fuzzer.replay(schedule);
  return fuzzer.novelty.edges();
}

describe("minimize", () => {
  test("keeps what is needed to show everything, and puts the rest aside", async () => {
    const corpus = await made("corpus", 1);
    // What another campaign has kept is mostly known already.
    cpSync(await made("other", 2), corpus, { recursive: true });
    const [before, shown] = [schedulesIn(corpus), shownBy(corpus)];
    const run = await mmrace("corpus", "minimize", corpus);
    const after = schedulesIn(corpus);
    expect(run.parsed).toMatchObject({
      command: "corpus",
      exitCode: 0,
      folders: [{ scenario: "cpmt-vs-uffdcopy", kernel: "6.12", before: before.length, after: after.length }],
    });
    expect(after.length).toBeLessThan(before.length);
    expect(shownBy(corpus)).toEqual(shown);
    const aside = readdirSync(join(corpus, `${NAME}.superseded`));
    expect([...after, ...aside].toSorted()).toEqual(before);
    expect((await mmrace("corpus", "minimize", corpus)).parsed["folders"]).toMatchObject([
      { before: after.length, after: after.length },
    ]);
  });

  test("takes the folder of one scenario, and leaves somebody's own seeds alone", async () => {
    const corpus = await made("corpus", 1);
    const own = join(corpus, NAME, "my seed");
    writeFileSync(own, "");
    writeFileSync(join(corpus, NAME, "the same"), "");
    await mmrace("corpus", "minimize", join(corpus, NAME));
    expect(schedulesIn(corpus)).toEqual(expect.arrayContaining(["my seed", "the same"]));
  });

  test.each([
    ["nothing", /There is no directory/],
    ["", /holds no corpus: it has no folder <scenario>-<kernel>/],
  ])("refuses %j with a sentence", async (name, message) => {
    await expect(mmrace("corpus", "minimize", join(own.folder, name))).rejects.toThrow(message);
  });
});

describe("merge", () => {
  test("adds what is new, shortest first, and leaves the sources as they are", async () => {
    const [one, two, all] = [await made("one", 1), await made("two", 2, "pct"), join(own.folder, "all")];
    const sources = [schedulesIn(one), schedulesIn(two)];
    const run = await mmrace("corpus", "merge", one, two, all);
    expect([schedulesIn(one), schedulesIn(two)]).toEqual(sources);
    const [merged] = run.parsed["folders"] as readonly { offered: number; added: number; before: number }[];
    expect(merged).toMatchObject({ before: 0, offered: sources.flat().length });
    expect(merged!.added).toBeGreaterThan(0);
    expect(merged!.added).toBeLessThan(merged!.offered);
    expect(schedulesIn(all)).toHaveLength(merged!.added);
    const together = join(own.folder, "together");
    for (const source of [one, two]) cpSync(source, together, { recursive: true });
    expect(shownBy(all)).toEqual(shownBy(together));
    expect((await mmrace("corpus", "merge", one, two, all)).parsed["folders"]).toMatchObject([{ added: 0 }]);
  });

  test("needs a source and a target", async () => {
    await expect(mmrace("corpus", "merge", own.folder)).rejects.toThrow(/at least two directories/);
  });
});

describe("a corpus of another model", () => {
  test("is run again: what is of use stays, what is not is put aside, and it is said", async () => {
    const corpus = await made("corpus", 1);
    const directory = join(corpus, NAME);
    const before = schedulesIn(corpus);
    const manifest = readManifest(directory)!;
    expect(manifest).toMatchObject({ scenario: "cpmt-vs-uffdcopy", kernel: "6.12" });
    // A long schedule that shows nothing new.
    cpSync(await made("other", 2), corpus, { recursive: true });
    const both = schedulesIn(corpus);
    expect(both.length).toBeGreaterThan(before.length);
    writeManifest(directory, { ...manifest, fingerprint: "00000001" });
    own.said = "";
    await mmrace("fuzz", "cpmt-vs-uffdcopy", "--kernel", "6.12", "--executions", "1", "--corpus", corpus);
    expect(own.said).toMatch(
      new RegExp(
        `kept by model 00000001, and this is ${manifest.fingerprint}: all ${both.length} schedules were run again, \\d+ stay; ` +
          `\\d+ show nothing of their own any more and were moved to ${NAME}\\.superseded`,
      ),
    );
    expect(readManifest(directory)).toEqual(manifest);
    const aside = readdirSync(`${directory}.superseded`);
    expect(aside.length).toBeGreaterThan(0);
    expect([...schedulesIn(corpus), ...aside]).toEqual(expect.arrayContaining([...both]));
  });

  test("is taken as it is where nothing says which model it is of", async () => {
    const corpus = await made("corpus", 1);
    rmSync(join(corpus, `${NAME}.manifest.json`));
    own.said = "";
    await mmrace("fuzz", "cpmt-vs-uffdcopy", "--kernel", "6.12", "--executions", "1", "--corpus", corpus);
    expect(own.said).not.toMatch(/kept by model/);
    expect(JSON.parse(readFileSync(join(corpus, `${NAME}.manifest.json`), "utf8"))).toMatchObject({
      schemaVersion: 1,
    });
  });
});
