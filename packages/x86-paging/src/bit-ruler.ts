/**
 * Bit rulers and field tables as Markdown, made of the table in bit-use.ts. docs/model/x86-entries.md is this
 * file's output. A first reader may read that page in its place.
 */

import { type BitField, bitFields, type EntryForm, formsOf } from "./bit-use.ts";
import { LINUX_6_12, type EntryLayout } from "./layout.ts";
import { type Level, levelInfo } from "./level.ts";

const FORM_TITLE: Readonly<Record<EntryForm, string>> = {
  table: "pointer to a table",
  page: "page",
  "prot-none": "PROT_NONE page",
  swap: "swap, migration, marker and other absent entries",
};

/**
 * A ruler and a table for every form that an entry of a level can have, as Markdown with third-level headings.
 * Ends with a line feed.
 */
export function bitRuler(level: Level, layout: EntryLayout = LINUX_6_12): string {
  return formsOf(level)
    .map((form) => formSection(level, form, layout))
    .join("\n");
}

/** The heading of a level: Intel's and Linux's names and what an entry spans. */
export function levelTitle(level: Level): string {
  const info = levelInfo(level);
  return `Level ${level}: ${info.intel} (${info.linux}), ${spanText(info.span)} per entry`;
}

/** Two lines: bit numbers, highest left, and the field names below them. */
export function rulerLines(fields: readonly BitField[]): readonly [string, string] {
  const columns = fields.toReversed().map((field) => {
    const numbers = field.first === field.last ? `${field.first}` : `${field.last}..${field.first}`;
    const width = Math.max(numbers.length, field.name.length);
    return [numbers.padStart(width), field.name.padStart(width)] as const;
  });
  return [columns.map(([top]) => top).join(" "), columns.map(([, bottom]) => bottom).join(" ")];
}

function formSection(level: Level, form: EntryForm, layout: EntryLayout): string {
  const fields = bitFields(level, form, layout);
  const size = form === "page" || form === "prot-none" ? `${levelInfo(level).page} ` : "";
  const rows = fields.map(({ first, last, name, owner, meaning }) => {
    const numbers = first === last ? `${first}` : `${first}..${last}`;
    return `| ${numbers} | ${name} | ${owner} | ${meaning} |`;
  });
  return [
    `### ${levelInfo(level).intel}: ${size}${FORM_TITLE[form]}`,
    "",
    "```text",
    ...rulerLines(fields),
    "```",
    "",
    "| bits | name | given by | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function spanText(span: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(4, Math.floor(Math.log2(span) / 10));
  return `${span / 1024 ** step} ${units[step]}`;
}
