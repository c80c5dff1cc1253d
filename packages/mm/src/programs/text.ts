/** Programs as text: one call a line, in sections. What `parseProgram` reads back as it was. */

import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { specOf } from "./call-specs.ts";
import { flagsText } from "./constants.ts";
import type { Call, Program } from "./program.ts";
import type { Shape } from "./shapes.ts";

/** The descriptors of a program have numbers: the files first, then the userfaultfds of the processes that have one. */
export interface Descriptors {
  readonly files: number;
  /** The number of a process's userfaultfd. */
  readonly uffdOf: (owner: number) => number;
}

/** How the descriptors of a program are numbered. */
export function descriptorsOf({ files, processes }: Program): Descriptors {
  const count = files.filter(({ name }) => specOf(name).makes === "file").length;
  const has = processes.map(({ setup }) => setup.some(({ name }) => name === "userfaultfd"));
  return { files: count, uffdOf: (owner) => count + has.slice(0, owner).filter(Boolean).length };
}

/** The text of a program, by which everybody gets the same program again. */
export function programText(program: Program): string {
  const { geometry, files, processes, threads } = program;
  const descriptors = descriptorsOf(program);
  let file = 0;
  const lines = (calls: readonly Call[], owner: number): string[] =>
    calls.map((call) => {
      const { makes } = specOf(call.name);
      const made = makes === "file" ? file++ : makes === "uffd" ? descriptors.uffdOf(owner) : undefined;
      return `${made === undefined ? "" : `r${made} = `}${callText(call, descriptors.uffdOf(owner))}`;
    });
  const sections = [
    [`program ptes=${geometry.ptesPerTable} pmds=${geometry.pmdsPerMm}:`, ...lines(files, 0)],
    ...processes.map(({ setup }, at) => [`process ${at + 1}:`, ...lines(setup, at)]),
    ...threads.map(({ name, owner, calls }) => {
      const where = owner === null || owner === 0 ? "" : ` in process ${owner + 1}`;
      return [`${owner === null ? "kthread" : "thread"} ${name}${where}:`, ...lines(calls, owner ?? 0)];
    }),
  ];
  return `${sections.map((section) => section.join("\n")).join("\n\n")}\n`;
}

/** One call. @param uffd the number of its process's userfaultfd. */
export function callText({ name, args }: Call, uffd: number): string {
  return `${name}(${specOf(name)
    .shape.map((shape) => valueText(shape, args, uffd))
    .join(", ")})`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function addressText(page: number): string {
  return hex(USER_BASE + page * PAGE_SIZE);
}

function valueText(shape: Shape, args: readonly number[], uffd: number): string {
  const at = (arg: number): number => args[arg]!;
  switch (shape.kind) {
    case "vma": {
      const pages = typeof shape.pages === "number" ? shape.pages : at(shape.pages.arg);
      return `&(${addressText(at(shape.arg))}/${hex(pages * PAGE_SIZE)})=nil`;
    }
    case "address":
      return `&(${addressText(at(shape.arg))})`;
    case "bytes":
      return hex(at(shape.arg) * PAGE_SIZE);
    case "flags":
    case "choice":
      return flagsText(at(shape.arg), shape.table);
    case "file":
      return at(shape.arg) < 0 ? "0xffffffffffffffff" : `r${at(shape.arg)}`;
    case "uffd":
      return `r${uffd}`;
    case "process":
      return hex(at(shape.arg) + 1);
    case "number":
      return hex(at(shape.arg));
    case "fixed":
      return shape.text ?? hex(shape.value);
    case "ignored":
      return shape.text;
    case "struct":
      return `{${shape.items.map((item) => valueText(item, args, uffd)).join(", ")}}`;
    case "pointer":
      return `&AUTO=${valueText(shape.to, args, uffd)}`;
  }
}
