/** Reads programs. */

import { PAGE_SIZE } from "@mmrace/x86-paging";
import { SMALL, USER_BASE, type Geometry } from "../state/geometry.ts";
import type { CallPlace } from "./call-spec.ts";
import { callNamed, callNames, specOf } from "./call-specs.ts";
import { checkProgram } from "./check.ts";
import { ProgramError } from "./program-error.ts";
import type { Call, Program } from "./program.ts";
import { readArguments, type Reading } from "./read-call.ts";
import { parseCallLine, type CallLine } from "./value-parser.ts";
import type { Value } from "./values.ts";

/** A section of the text under work. */
interface Section {
  readonly place: CallPlace;
  /** Of a thread. */
  readonly name: string;
  /** Index of the process that it belongs to. */
  readonly owner: number;
  readonly calls: Call[];
  readonly line: number;
}

/**
 * Reads a program and checks that the model can run it.
 *
 * @throws {ProgramError} that says where, what was wrong, and what to try.
 */
export function parseProgram(text: string): Program {
  return new ProgramParser().parse(text);
}

class ProgramParser {
  #geometry: Geometry = SMALL;
  readonly #sections: Section[] = [];
  readonly #lines = new Map<Call, number>();
  /** Files by their variables. */
  readonly #files = new Map<string, number>();
  /** The variables of userfaultfds, by process. */
  readonly #uffds = new Map<number, string>();

  parse(text: string): Program {
    for (const [at, raw] of text.split(/\r?\n/).entries()) {
      const line = at + 1;
      const code = raw.trim();
      if (code === "" || code.startsWith("#")) continue;
      if (/^(program|process|thread|kthread)\b[^(]*:\s*(#.*)?$/.test(code))
        this.#header(code.replace(/\s*#.*$/, ""), line);
      else this.#call(raw, line);
    }
    const program = this.#program();
    checkProgram(program, (call) => this.#lines.get(call));
    return program;
  }

  #program(): Program {
    const of = (place: CallPlace): Section[] => this.#sections.filter((section) => section.place === place);
    const threads = this.#sections.filter(({ place }) => place === "thread" || place === "kthread");
    return {
      geometry: this.#geometry,
      files: of("files").flatMap(({ calls }) => calls),
      processes: of("process").map(({ calls }) => ({ setup: calls })),
      threads: threads.map(({ name, owner, place, calls }) => ({
        name,
        owner: place === "kthread" ? null : owner,
        calls,
      })),
    };
  }

  #header(text: string, line: number): void {
    const [, word, rest] = /^(\w+)\s*(.*):$/.exec(text)!;
    if (word === "program") return this.#begin(rest!, line);
    if (word === "process") return this.#owner(rest!, line);
    const [, name, owner] = /^([A-Za-z0-9][\w-]*)(?: in process (\d+))?$/.exec(rest!) ?? [];
    if (name === undefined || (word === "kthread" && owner !== undefined))
      fail(line, 1, 'Write "thread NAME:", "thread NAME in process 2:" or "kthread NAME:".');
    if (this.#sections.some((section) => section.name === name))
      fail(line, 1, `There are two threads named ${name}: give each a name of its own.`);
    const index = Number(owner ?? 1) - 1;
    this.#open({ place: word as CallPlace, name, owner: index, calls: [], line });
  }

  #begin(sizes: string, line: number): void {
    if (this.#sections.length > 0) fail(line, 1, 'The section "program ...:" comes first, and once.');
    const [, ptes, pmds] = /^ptes=(\d+) pmds=(\d+)$/.exec(sizes) ?? [];
    if (sizes !== "") {
      if (ptes === undefined || pmds === undefined)
        fail(line, 1, 'Write "program ptes=4 pmds=2:", or leave the line out for these sizes.');
      this.#geometry = { ptesPerTable: Number(ptes), pmdsPerMm: Number(pmds) };
    }
    this.#open({ place: "files", name: "", owner: 0, calls: [], line });
  }

  #owner(number: string, line: number): void {
    const index = this.#sections.filter(({ place }) => place === "process").length;
    if (number !== String(index + 1))
      fail(line, 1, `Processes are numbered as they come: this is process ${index + 1}.`);
    this.#open({ place: "process", name: "", owner: index, calls: [], line });
  }

  #open(section: Section): void {
    this.#sections.push(section);
  }

  #call(raw: string, line: number): void {
    const call = parseCallLine(raw, line);
    if (this.#sections.length === 0) this.#open({ place: "files", name: "", owner: 0, calls: [], line });
    const section = this.#sections.at(-1)!;
    if (call.properties.length > 0)
      fail(line, call.column, "Call properties are not modelled: threads are sections of their own here.");
    const name = callNamed(call.name);
    if (name === undefined)
      fail(line, call.column, `There is no call ${call.name}. ${suggestion(call.name)}`);
    const spec = specOf(name);
    if (!spec.places.includes(section.place))
      fail(line, call.column, `${name} cannot stand here, but ${spec.places.map(placeText).join(" or ")}.`);
    this.#assign(call, spec.makes, section);
    const typed: Call = { name, args: readArguments(spec, call, this.#reading(section, line)) };
    this.#lines.set(typed, line);
    section.calls.push(typed);
  }

  #assign(
    { result, name, column, line }: CallLine,
    makes: "file" | "uffd" | undefined,
    section: Section,
  ): void {
    if (makes === undefined) {
      if (result !== undefined)
        fail(line, 1, `The result of ${name} has no name here. Leave "${result} =" out.`);
      return;
    }
    if (result === undefined) fail(line, column, `Give the descriptor a name: r0 = ${name}(...)`);
    if (this.#files.has(result) || [...this.#uffds.values()].includes(result))
      fail(line, 1, `${result} has been given before. Use another number.`);
    if (makes === "file") this.#files.set(result, this.#files.size);
    else if (this.#uffds.has(section.owner)) fail(line, column, "A process has one userfaultfd here.");
    else this.#uffds.set(section.owner, result);
  }

  #reading(section: Section, line: number): Reading {
    return {
      line,
      page: (address, value) => pageOf(address, line, value),
      pages: (bytes, value) => pagesOf(bytes, line, value),
      file: (variable, { column }) =>
        this.#files.get(variable) ??
        fail(line, column, `${variable} is no file. Make it first: ${variable} = memfd_create('shmem', 0x0)`),
      uffd: (variable, { column }) => {
        if (this.#uffds.get(section.owner) !== variable)
          fail(line, column, `${variable} is not the userfaultfd of process ${section.owner + 1}.`);
      },
      owner: (number, { column }) =>
        number > 0n && number < 100n
          ? Number(number) - 1
          : fail(line, column, "Processes are numbered from 1."),
    };
  }
}

function fail(line: number, column: number, problem: string): never {
  throw new ProgramError({ line, column }, problem);
}

function pageOf(address: bigint, line: number, { column }: Value): number {
  const offset = address - BigInt(USER_BASE);
  if (offset < 0n || offset > 1n << 40n)
    fail(line, column, `Addresses begin at 0x${USER_BASE.toString(16)}, not 0x${address.toString(16)}.`);
  if (offset % BigInt(PAGE_SIZE) !== 0n)
    fail(line, column, `0x${address.toString(16)} is not the first address of a page of 0x1000 bytes.`);
  return Number(offset / BigInt(PAGE_SIZE));
}

function pagesOf(bytes: bigint, line: number, { column }: Value): number {
  if (bytes < 0n || bytes % BigInt(PAGE_SIZE) !== 0n || bytes > 1n << 40n)
    fail(line, column, `0x${bytes.toString(16)} bytes are not whole pages of 0x1000.`);
  return Number(bytes / BigInt(PAGE_SIZE));
}

function placeText(place: CallPlace): string {
  return {
    files: "in the program's first section",
    process: "in a process section",
    thread: "in a thread section",
    kthread: "in a kthread section",
  }[place];
}

/** Calls whose name has the same beginning, or all. */
function suggestion(name: string): string {
  const near = callNames.filter((known) => known.startsWith(name.slice(0, 3)));
  return `There are ${(near.length > 0 ? near : callNames).join(", ")}.`;
}
