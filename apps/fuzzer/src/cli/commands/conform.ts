/** `mmrace conform`: does this package read page tables as real kernels and QEMU do? On bundled files or on your own. */

import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { layoutOf, parseDump, type DumpCpu, type PageTableDump } from "@mmrace/x86-paging";
import {
  compareVectors,
  compareWithPagemap,
  compareWithTlb,
  parseVectors,
  sameMemoryRanges,
  type PagemapTally,
  type TlbTally,
} from "@mmrace/x86-paging/conform";
import { UsageError } from "@mmrace/scheduler";
import { Argument, type Command } from "commander";
import { readText, resultOf, verdict } from "../conform-files.ts";
import { jsonOption } from "../options.ts";
import type { CommandResult } from "../output.ts";
import { conformTraces } from "./conform-traces.ts";

const WHATS = ["vectors", "dumps", "traces"] as const;

interface ConformOptions {
  readonly file?: string;
  readonly kernel?: string;
}

/** Describes the command. */
export function defineConform(program: Command): Command {
  return program
    .command("conform")
    .summary("compare with real kernels")
    .description(
      "vectors: results that the headers of real kernels gave, row by row. dumps: page tables of booted machines, against " +
        "QEMU's lists and the kernel's pagemap. traces: what real kernels lock and write in an operation, against the " +
        "model of that release. Exit code 3: something differs.",
    )
    .addArgument(new Argument("<what>", "what to compare").choices(WHATS))
    .option("--file <file>", "your own file of that format, gzipped or not; default: the bundled ones")
    .option("--kernel <release>", "with vectors: the release the file comes from; default: as in its name")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace conform vectors\n  mmrace conform vectors --file vectors-6.14.jsonl --kernel 6.14\n" +
        "  mmrace conform dumps --file tables.json.gz --json\n  mmrace conform traces",
    );
}

/** Runs the command. */
export function runConform(what: (typeof WHATS)[number], options: ConformOptions): CommandResult {
  if (what === "vectors") return conformVectors(options);
  return what === "dumps"
    ? conformDumps(options)
    : conformTraces(filesOf("traces", /^traces-.*\.jsonl/, options.file));
}

/** The bundled files of a kind, or the one that was named. */
function filesOf(folder: string, pattern: RegExp, file: string | undefined): readonly string[] {
  if (file !== undefined) {
    if (!existsSync(file)) throw new UsageError(`There is no file ${file}.`);
    return [file];
  }
  const directory = fileURLToPath(new URL(`../../../dist-oracle/${folder}/`, import.meta.url));
  if (!existsSync(directory)) throw new UsageError("The bundled files are missing: build the package first.");
  return readdirSync(directory)
    .filter((name) => pattern.test(name))
    .toSorted()
    .map((name) => directory + name);
}

function conformVectors({ file, kernel }: ConformOptions): CommandResult {
  const results = filesOf("headers", /^vectors-.*\.jsonl/, file).map((path) => {
    const release = kernel ?? /(\d+\.\d+)/.exec(basename(path))?.[1];
    if (release === undefined) {
      throw new UsageError(`Which release does ${path} come from? Its name does not say; give --kernel.`);
    }
    const helpers = compareVectors(parseVectors(readText(path)), layoutOf(release));
    const sum = (part: (tally: (typeof helpers)[number]) => number): number =>
      helpers.reduce((total, tally) => total + part(tally), 0);
    const rows = sum((tally) => tally.rows);
    return {
      file: basename(path),
      kernel: release,
      rows,
      mismatches: rows - sum((tally) => tally.agree),
      helpers,
    };
  });
  const lines = results.flatMap(({ kernel: release, rows, mismatches, helpers }) => [
    `${release}: ${rows.toLocaleString("en")} rows, ${helpers.length} helpers, ${verdict(mismatches, "mismatch", "mismatches")}`,
    ...helpers.flatMap(({ helper, rows: all, agree, firstDifference }) =>
      firstDifference === undefined
        ? []
        : [`  ${helper}: ${all - agree} of ${all} differ, first ${firstDifference}`],
    ),
  ]);
  return resultOf(
    lines,
    results.reduce((total, { mismatches }) => total + mismatches, 0),
    { files: results },
  );
}

/** What comparing one address space showed. */
interface SpaceResult {
  readonly file: string;
  readonly kernel: string;
  readonly cpu: number;
  readonly levels: number;
  readonly tlb: TlbTally;
  /** `null` where the dump has no such list. */
  readonly memoryRangesAgree: boolean | null;
  readonly pagemap: PagemapTally | null;
  readonly differences: number;
}

function conformDumps({ file }: ConformOptions): CommandResult {
  const spaces = filesOf("dumps", /\.json/, file).flatMap((path) => compareFile(path));
  const lines = spaces.map(({ file: name, cpu, levels, tlb, pagemap, differences }) => {
    const pages =
      pagemap === null ? "no pagemap" : `${pagemap.agree.toLocaleString("en")} pages agree with pagemap`;
    const list = `${tlb.leaves.toLocaleString("en")} leaves`;
    return `${name} cpu ${cpu}, ${levels} levels: ${list}, ${pages}, ${verdict(differences, "difference", "differences")}`;
  });
  const examples = spaces.flatMap(({ tlb, pagemap }) => [
    ...tlb.examples,
    ...(pagemap?.differ.slice(0, 5) ?? []),
  ]);
  const total = spaces.reduce((sum, { differences }) => sum + differences, 0);
  const last = `${spaces.length} address spaces, ${verdict(total, "difference", "differences")}`;
  return resultOf([...lines, ...examples.map((text) => `  ${text}`), last], total, { spaces });
}

function compareFile(path: string): SpaceResult[] {
  let json: unknown;
  try {
    json = JSON.parse(readText(path));
  } catch {
    throw new UsageError(`${path} is no JSON, so it is no page-table dump.`);
  }
  const dump = parseDump(json);
  const isHugetlb = hugetlbOf(json as { readonly regions?: readonly Region[] });
  return dump.cpus.map((cpu) => compareSpace(basename(path), dump, cpu, isHugetlb));
}

interface Region {
  readonly name: string;
  readonly va: string;
  readonly len: number;
}

/** Kernels do not report soft-dirty for hugetlb pages, so the comparison must know where they are. */
function hugetlbOf({ regions = [] }: { readonly regions?: readonly Region[] }): (va: bigint) => boolean {
  const ranges = regions
    .filter(({ name }) => name.startsWith("hugetlb"))
    .map(({ va, len }) => ({ start: BigInt(va), end: BigInt(va) + BigInt(len) }));
  return (va) => ranges.some(({ start, end }) => va >= start && va < end);
}

function compareSpace(
  file: string,
  dump: PageTableDump,
  cpu: DumpCpu,
  isHugetlb: (va: bigint) => boolean,
): SpaceResult {
  const tlb = compareWithTlb(dump, cpu);
  const ranges = sameMemoryRanges(dump, cpu);
  const pagemap = compareWithPagemap(dump, cpu, isHugetlb) ?? null;
  const differences =
    tlb.differences +
    (ranges === false ? 1 : 0) +
    (pagemap === null ? 0 : pagemap.differ.length + pagemap.missing);
  const { kernel } = dump;
  return {
    file,
    kernel,
    cpu: cpu.cpu,
    levels: cpu.levels,
    tlb,
    memoryRangesAgree: ranges ?? null,
    pagemap,
    differences,
  };
}
