/** The commands about entries and real kernels: what they say, and that they can say no. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mmrace } from "../run.ts";

const fixtures = fileURLToPath(new URL("../../../../packages/x86-paging/test/fixtures/", import.meta.url));
const dump = `${fixtures}dumps/deb61-4level.json.gz`;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mmrace-conform-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("decode", () => {
  test("a uffd-wp marker of 6.12, which 6.1 reads otherwise", async () => {
    const run = await mmrace("decode", "0xfffffffffffffc00", "--kernel", "6.12");
    expect(run.exitCode).toBe(0);
    expect(run.text).toMatch(/^0xfffffffffffffc00 {2}uffd-wp marker\n/);
    expect(run.text).toMatch(/Linux 6\.1 would read it as/);
  });

  test("several entries, with and without 0x, at another level, as JSON", async () => {
    const run = await mmrace("decode", "8000000000345067", "0x0", "--level", "pmd", "--json");
    const entries = run.parsed["entries"] as readonly { summary: string }[];
    expect(entries.map(({ summary }) => summary)).toEqual([
      expect.stringContaining("table pfn 0x345"),
      "none",
    ]);
  });

  test("a walk through a JSON dump, level by level, agrees with QEMU's list", async () => {
    const json = JSON.parse(gunzipSync(readFileSync(dump)).toString()) as {
      vcpus: { cpu: number; cr3: string; info_tlb: [string, string][] }[];
      pages: Record<string, [number, string, number, string, string][]>;
    };
    const [va, pa] = json.vcpus.find(({ cpu }) => cpu === 1)!.info_tlb[0]!;
    const run = await mmrace("decode", "--dump", dump, "--cpu", "1", "--va", va, "--json");
    expect(run.parsed["pa"]).toBe(pa);
    expect(run.parsed["steps"]).toHaveLength(4);
    const nothing = await mmrace("decode", "--dump", dump, "--va", "0x1000");
    expect(nothing.text).toMatch(/No translation: the walk ends at level/);
  });

  test("a walk through a flat copy of physical memory", async () => {
    const memory = Buffer.alloc(5 * 4096);
    const put = (table: number, index: number, entry: bigint) =>
      memory.writeBigUInt64LE(entry, table * 4096 + index * 8);
    put(1, 0, 0x2067n);
    put(2, 0, 0x3067n);
    put(3, 2, 0x4067n);
    put(4, 5, 0x8000_0000_0003_4067n);
    const file = join(folder, "memory.bin");
    writeFileSync(file, memory);
    const run = await mmrace("decode", "--dump", file, "--cr3", "0x1000", "--va", "0x405abc");
    expect(run.text).toMatch(/Physical address 0x34abc\.$/);
    const based = await mmrace(
      "decode",
      "--dump",
      file,
      "--cr3",
      "0x1001000",
      "--base",
      "0x1000000",
      "--va",
      "0x405abc",
    ).catch((error: unknown) => String(error));
    expect(based).toMatch(/no such page in the dump/); // The tables name frames below the base.
  });

  test.each<[string, readonly string[], RegExp]>([
    ["nothing", ["decode"], /Give entries/],
    ["no entry", ["decode", "xyz"], /hexadecimal digits/],
    ["too many digits", ["decode", "0x12345678123456781"], /hexadecimal digits/],
    ["entries and a dump", ["decode", "0x0", "--dump", dump, "--va", "0x0"], /not both/],
    ["no address", ["decode", "--dump", dump], /--va/],
    [
      "an address that is not canonical",
      ["decode", "--dump", dump, "--va", "0x800000000000"],
      /0x800000000000/,
    ],
    ["a cpu that is not there", ["decode", "--dump", dump, "--va", "0x0", "--cpu", "7"], /no cpu 7/],
    ["a release before the first", ["decode", "0x0", "--kernel", "4.9"], /4\.9/],
  ])("%s is refused", async (_name, args, message) => {
    await expect(mmrace(...args)).rejects.toThrow(message);
  });
});

describe("conform", () => {
  test("vectors: every row of both releases agrees", async () => {
    for (const [release, rows] of [
      ["6.1", 18_344],
      ["6.12", 27_269],
    ] as const) {
      const run = await mmrace(
        "conform",
        "vectors",
        "--file",
        `${fixtures}headers/vectors-${release}.jsonl.gz`,
        "--json",
      );
      expect(run.parsed).toMatchObject({
        exitCode: 0,
        differences: 0,
        files: [{ kernel: release, rows, mismatches: 0 }],
      });
    }
  });

  test("vectors: a wrong row, an unknown helper and a wrong release are seen", async () => {
    const file = join(folder, "mine.jsonl");
    writeFileSync(
      file,
      '{"f":"pte_present","a":["0x1"],"r":"0x0"}\n{"f":"pte_fly","a":["0x1"],"r":"0x1"}\n{"f":"pte_present","a":["0x1"],"r":"0x1"}\n',
    );
    await expect(mmrace("conform", "vectors", "--file", file)).rejects.toThrow(/--kernel/);
    const run = await mmrace("conform", "vectors", "--file", file, "--kernel", "6.12");
    expect(run.exitCode).toBe(3);
    expect(run.parsed).toMatchObject({ differences: 2, files: [{ rows: 3, mismatches: 2 }] });
    expect(run.text).toMatch(/pte_fly.*ours is missing/);
    const wrong = await mmrace(
      "conform",
      "vectors",
      "--file",
      `${fixtures}headers/vectors-6.1.jsonl.gz`,
      "--kernel",
      "6.12",
    );
    expect(wrong.exitCode).toBe(3);
  });

  test("dumps: every address space agrees; a changed table is seen", async () => {
    const run = await mmrace("conform", "dumps", "--file", `${fixtures}dumps/k612-4level-swap.json.gz`);
    expect(run.text).toMatch(/2 address spaces, 0 differences$/);
    const json = JSON.parse(
      gunzipSync(readFileSync(`${fixtures}dumps/k612-4level-swap.json.gz`)).toString(),
    ) as {
      vcpus: { info_tlb: [string, string, ...unknown[]][] }[];
    };
    json.vcpus[0]!.info_tlb[0]![1] = "0x1000";
    const file = join(folder, "changed.json");
    writeFileSync(file, JSON.stringify(json));
    const changed = await mmrace("conform", "dumps", "--file", file, "--json");
    expect(changed.exitCode).toBe(3);
    expect(changed.parsed["differences"]).toBeGreaterThan(0);
  });

  test("files that are none are refused with a sentence", async () => {
    const file = join(folder, "junk");
    writeFileSync(file, "junk");
    await expect(mmrace("conform", "dumps", "--file", file)).rejects.toThrow(/no JSON/);
    await expect(mmrace("conform", "vectors", "--file", file, "--kernel", "6.1")).rejects.toThrow(/line 1/);
    await expect(mmrace("conform", "vectors", "--file", join(folder, "absent"))).rejects.toThrow(/no file/);
  });
});
