/** `mmrace decode`: explains page-table entries, and walks dumped page tables. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  entryFromHex,
  entryToHex,
  explainEntry,
  explanationText,
  layoutOf,
  LINUX_CONTROLS,
  parseDump,
  parseInteger,
  physicalMemory,
  requireCanonical,
  rootFrameOf,
  walk,
  type Access,
  type EntryLayout,
  type LevelCount,
  type LevelName,
  type PagingControls,
  type ReadEntry,
  type WalkResult,
  type WalkStep,
} from "@mmrace/x86-paging";
import { UsageError } from "@mmrace/scheduler";
import { Option, type Command } from "commander";
import { EXIT } from "../exit-code.ts";
import { jsonOption, wholeNumber } from "../options.ts";
import type { CommandResult } from "../output.ts";
import { bold } from "../../report/style.ts";

/** A walk that only a missing or malformed entry can stop. */
const READ: Access = { kind: "read", user: false };
const ANYTHING_GOES: PagingControls = { ...LINUX_CONTROLS, smap: false, smep: false, physicalBits: 52 };

interface DecodeOptions {
  readonly kernel?: string;
  readonly level: LevelName;
  readonly dump?: string;
  readonly va?: string;
  readonly cpu: number;
  readonly cr3?: string;
  readonly levels: "4" | "5";
  readonly base?: string;
}

/** Describes the command. */
export function defineDecode(program: Command): Command {
  return program
    .command("decode")
    .summary("explain page-table entries; walk a dumped page table")
    .description(
      "Explains entries in words: what they are, bit by bit, and where another release would read them differently. " +
        "With --dump, walks a dumped page table to an address and explains each entry on the way. A dump is a JSON file " +
        "(docs/reference/page-table-dumps.md), or with --cr3 a flat copy of physical memory, gzipped or not.",
    )
    .argument("[hex...]", "entries, as up to 16 hexadecimal digits")
    .option("--kernel <release>", "read them as this release does; default: 6.12, or what the dump says")
    .addOption(
      new Option("--level <level>", "level of the entries")
        .choices(["pte", "pmd", "pud", "p4d", "pgd"])
        .default("pte"),
    )
    .option("--dump <file>", "walk the tables in this file")
    .option("--va <address>", "with --dump: the address to translate")
    .option("--cpu <n>", "with a JSON dump: whose tables", wholeNumber(0), 0)
    .option("--cr3 <value>", "the file is a flat copy of physical memory; its root table")
    .addOption(new Option("--levels <n>", "with --cr3: levels of paging").choices(["4", "5"]).default("4"))
    .option("--base <address>", "with --cr3: physical address of the file's first byte")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  mmrace decode 0xfffffffffffffc00 --kernel 6.12\n  mmrace decode 8000000000345067 --level pmd\n" +
        "  mmrace decode --dump tables.json.gz --va 0x7f0000200000 --cpu 1\n" +
        "  mmrace decode --dump memory.bin --cr3 0x1a4c000 --va 0x7f0000200000",
    );
}

/** Runs the command. */
export function runDecode(entries: readonly string[], options: DecodeOptions): CommandResult {
  if (options.dump !== undefined) {
    if (entries.length > 0) throw new UsageError("Give entries or --dump, not both.");
    return walkDump(options.dump, options);
  }
  if (entries.length === 0) throw new UsageError("Give entries in hexadecimal, or --dump FILE --va ADDRESS.");
  const layout = layoutOf(options.kernel ?? "6.12");
  const explained = entries.map((text) => explainText(text, options.level, layout));
  return {
    exitCode: EXIT.clean,
    text: explained.map(({ text }) => text).join("\n\n"),
    json: { kernel: layout.release, level: options.level, entries: explained.map(({ json }) => json) },
  };
}

interface Explained {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

function explainText(text: string, level: LevelName | WalkStep["level"], layout: EntryLayout): Explained {
  const word = entryFromHex(text.startsWith("0x") ? text : `0x${text}`);
  const explanation = explainEntry(word, level, layout);
  return { text: explanationText(word, explanation), json: { entry: entryToHex(word), ...explanation } };
}

/** Tables to walk, whatever file they came from. */
interface Tables {
  readonly read: ReadEntry;
  readonly rootFrame: number;
  readonly levels: LevelCount;
  readonly layout: EntryLayout;
}

function readTables(file: string, options: DecodeOptions): Tables {
  const raw = readFileSync(file);
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  if (options.cr3 !== undefined) {
    const base = options.base === undefined ? {} : { base: Number(parseInteger(options.base)) };
    return {
      read: physicalMemory(bytes, base),
      rootFrame: rootFrameOf(parseInteger(options.cr3)),
      levels: Number(options.levels) as LevelCount,
      layout: layoutOf(options.kernel ?? "6.12"),
    };
  }
  const dump = parseDump(parseJson(bytes, file));
  const cpu = dump.cpus.find((candidate) => candidate.cpu === options.cpu);
  if (cpu === undefined) {
    throw new UsageError(
      `The dump has no cpu ${options.cpu}; it has ${dump.cpus.map((one) => one.cpu).join(", ")}.`,
    );
  }
  const { rootFrame, levels } = cpu;
  return { read: dump.memory.read, rootFrame, levels, layout: layoutOf(options.kernel ?? dump.kernel) };
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw new UsageError(`${file} is no JSON. For a flat copy of physical memory, add --cr3 VALUE.`);
  }
}

function walkDump(file: string, options: DecodeOptions): CommandResult {
  if (options.va === undefined)
    throw new UsageError("With --dump, say which address to translate: --va ADDRESS.");
  const { read, rootFrame, levels, layout } = readTables(file, options);
  const va = requireCanonical(parseInteger(options.va), levels);
  const result = walk(read, rootFrame, va, READ, { ...ANYTHING_GOES, levels });
  if (result.kind === "non-canonical") throw new UsageError(`${options.va} is not canonical.`);
  const steps = result.steps.map(({ level, frame, index, entry }) => {
    const { text, json } = explainText(entryToHex(entry), level, layout);
    const where = `level ${level}, table at 0x${(frame * 4096).toString(16)}, index ${index}`;
    return {
      text: `${bold(where)}\n${text}`,
      json: { level, table: `0x${(frame * 4096).toString(16)}`, index, ...json },
    };
  });
  return {
    exitCode: EXIT.clean,
    text: [...steps.map(({ text }) => text), endText(result)].join("\n\n"),
    json: {
      kernel: layout.release,
      va: hex(va),
      levels,
      steps: steps.map(({ json }) => json),
      ...endJson(result),
    },
  };
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

function endText(result: Exclude<WalkResult, { kind: "non-canonical" }>): string {
  return result.kind === "translated"
    ? `Physical address ${hex(result.pa)}.`
    : `No translation: the walk ends at level ${result.level}.`;
}

function endJson(result: Exclude<WalkResult, { kind: "non-canonical" }>): Record<string, unknown> {
  return result.kind === "translated" ? { pa: hex(result.pa) } : { pa: null, endsAtLevel: result.level };
}
