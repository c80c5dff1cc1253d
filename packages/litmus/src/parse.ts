/**
 * Reads litmus tests in herd's format. Format: the herd manual, "Litmus tests"; for X86 and X86_64 as the herdtools7
 * parsers accept it. A header, documentation, initial values, a column of instructions per thread, and a condition.
 */

import {
  parseCondition,
  parsePlace,
  parseProposition,
  parseValue,
  placesOf,
  type Condition,
  type Place,
  type Proposition,
} from "./condition.ts";
import { parseInstruction, type Instruction, type Syntax } from "./instruction.ts";
import { TextReader } from "./text-reader.ts";
import type { Value } from "./value.ts";

/** A litmus test. */
export interface LitmusTest {
  readonly name: string;
  readonly syntax: Syntax;
  /** The quoted line below the header, if there is one. */
  readonly documentation: string;
  /** Values that are not 0 at the start. */
  readonly initial: readonly (readonly [Place, Value])[];
  /** The instructions of each thread. */
  readonly threads: readonly (readonly Instruction[])[];
  /** Executions that do not satisfy it do not count. */
  readonly filter: Proposition | undefined;
  readonly condition: Condition;
  /** What is shown of a final state: the places of the condition, and those of `locations`. */
  readonly shown: readonly Place[];
}

/**
 * Reads a test.
 *
 * @param file what errors call the text.
 * @throws {UsageError} with file, line and column when it is no test, or has an instruction that is not known.
 */
export function parseLitmus(text: string, file: string): LitmusTest {
  const reader = new TextReader(text, file);
  const { syntax, name, documentation } = parseHeader(reader);
  const initial = parseInitial(reader);
  const threads = parseThreads(reader, syntax);
  const locations = parseLocations(reader);
  const filter = reader.match(/filter\b/) === undefined ? undefined : parseProposition(reader);
  const condition = parseCondition(reader);
  if (!reader.isAtEnd) reader.fail(`did not expect "${reader.line()}" after the condition`);
  const shown = new Map(
    [...placesOf(condition.proposition), ...locations].map((place) => [keyOf(place), place]),
  );
  const test = {
    name,
    syntax,
    documentation,
    initial,
    threads,
    filter,
    condition,
    shown: [...shown.values()],
  };
  requireThreads(test, reader);
  return test;
}

/** One name for all spellings of a place. */
export function keyOf(place: Place): string {
  return place.kind === "register" ? `${place.thread}:${place.name}` : place.name;
}

function parseHeader(reader: TextReader): Pick<LitmusTest, "syntax" | "name" | "documentation"> {
  const at = reader.position;
  const syntax = reader.match(/\S+/);
  if (syntax !== "X86_64" && syntax !== "X86")
    reader.fail(`a test starts with X86_64 or X86 and its name, not with "${syntax ?? ""}"`, at);
  const name = reader.line();
  if (name === "") reader.fail("the test has no name", at);
  const documentation = reader.match(/"[^"]*"/)?.slice(1, -1) ?? "";
  // Lines such as `Cycle=...` say where the test comes from.
  while (reader.match(/[A-Za-z][\w-]*\s*=(?=[^{]*\{)/) !== undefined) reader.line();
  return { syntax, name, documentation };
}

const TYPE = /(?:(?:unsigned|signed)\s+)?(?:u?int(?:32|64)_t|int|long|atomic_int)\b\s*\*?/;

function parseInitial(reader: TextReader): LitmusTest["initial"] {
  reader.expect("{", "before the initial values");
  const initial: (readonly [Place, Value])[] = [];
  while (!reader.accept("}")) {
    if (reader.accept(";")) continue;
    if (reader.isAtEnd) reader.fail("the initial values have no end");
    reader.match(TYPE);
    const place = parsePlace(reader);
    if (reader.accept("=")) initial.push([place, parseValue(reader)]);
    if (!reader.accept(";")) {
      reader.expect("}", "after the initial values");
      break;
    }
  }
  return initial;
}

function parseThreads(reader: TextReader, syntax: Syntax): LitmusTest["threads"] {
  const threads: Instruction[][] = [];
  do {
    const at = reader.position;
    const column = reader.match(/P\d+/) ?? reader.fail("expected P0 | P1 ... at the head of the columns");
    if (column !== `P${threads.length}`) reader.fail(`expected P${threads.length}, found ${column}`, at);
    threads.push([]);
  } while (reader.accept("|"));
  reader.expect(";", "after the heads of the columns");
  while (!reader.isAtEnd && !reader.isBefore(/(?:locations|filter|exists|~\s*exists|forall)\b/)) {
    parseRow(reader, syntax, threads);
  }
  return threads;
}

function parseRow(reader: TextReader, syntax: Syntax, threads: readonly Instruction[][]): void {
  for (const [column, thread] of threads.entries()) {
    const cell = reader.cell();
    if (!cell.isAtEnd) thread.push(parseInstruction(cell, syntax));
    if (column < threads.length - 1) reader.expect("|", `between column ${column} and ${column + 1}`);
  }
  reader.expect(";", `after a row of ${threads.length} columns`);
}

function parseLocations(reader: TextReader): readonly Place[] {
  if (reader.match(/locations\b/) === undefined) return [];
  reader.expect("[", "before the locations");
  const places: Place[] = [];
  while (!reader.accept("]")) {
    if (reader.isAtEnd) reader.fail("the locations have no end");
    places.push(parsePlace(reader));
    reader.match(TYPE);
    reader.accept(";");
  }
  return places;
}

/** Registers must belong to threads that exist. */
function requireThreads({ initial, shown, threads }: LitmusTest, reader: TextReader): void {
  for (const place of [...initial.map(([first]) => first), ...shown]) {
    if (place.kind !== "register" || place.thread < threads.length) continue;
    reader.fail(`there is no thread ${place.thread}; the test has ${threads.length}`);
  }
}
