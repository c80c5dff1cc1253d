/** Reads one line of a program: an assignment, the name of a call, its values and its properties. */

import { ProgramError } from "./program-error.ts";
import type { Value } from "./values.ts";

/** A line that is a call. */
export interface CallLine {
  /** `r0` of `r0 = ...`. */
  readonly result: string | undefined;
  readonly name: string;
  /** The column of the name. */
  readonly column: number;
  readonly values: readonly Value[];
  /** `async`, `fail_nth: 5`. */
  readonly properties: readonly string[];
  readonly line: number;
}

/** Reads a line that holds a call. @throws {ProgramError} where the syntax is broken. */
export function parseCallLine(text: string, line: number): CallLine {
  return new LineParser(text, line).call();
}

class LineParser {
  readonly #text: string;
  readonly #line: number;
  #at = 0;

  constructor(text: string, line: number) {
    this.#text = text;
    this.#line = line;
  }

  call(): CallLine {
    this.#skipSpace();
    let column = this.#at + 1;
    let result: string | undefined;
    let name = this.#match(/[A-Za-z_][\w$]*/y);
    if (name === undefined) this.#fail("A call was expected, such as munmap(...).");
    this.#skipSpace();
    if (this.#take("=")) {
      result = name;
      if (!/^r\d+$/.test(result)) this.#failAt(column, `A result is named r0, r1, ..., not ${result}.`);
      this.#skipSpace();
      column = this.#at + 1;
      name = this.#match(/[A-Za-z_][\w$]*/y);
      if (name === undefined) this.#fail(`The name of a call was expected after "${result} =".`);
    }
    const values = this.#list("(", ")");
    this.#skipSpace();
    const properties = this.#peek("(") ? this.#properties() : [];
    this.#skipSpace();
    if (this.#at < this.#text.length && !this.#peek("#"))
      this.#fail(`"${this.#text.slice(this.#at)}" stands after the call. Write one call in each line.`);
    return { result, name, column, values, properties, line: this.#line };
  }

  #properties(): string[] {
    const found = this.#match(/\(([^)]*)\)/y);
    if (found === undefined) this.#fail("The properties of the call have no closing parenthesis.");
    return found
      .slice(1, -1)
      .split(",")
      .map((one) => one.trim());
  }

  #list(open: string, close: string): Value[] {
    this.#skipSpace();
    if (!this.#take(open)) this.#fail(`"${open}" was expected.`);
    const values: Value[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#take(close)) return values;
      if (values.length > 0) {
        if (!this.#take(",")) this.#fail(`"," or "${close}" was expected.`);
        this.#skipSpace();
      }
      values.push(this.#value());
    }
  }

  #value(): Value {
    const column = this.#at + 1;
    if (this.#take("&")) return this.#pointer(column);
    if (this.#peek("{")) return { kind: "group", items: this.#list("{", "}"), column };
    if (this.#peek("[")) return { kind: "group", items: this.#list("[", "]"), column };
    if (this.#take("<")) return this.#result(column);
    if (this.#take("@")) return this.#union(column);
    if (this.#match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y) !== undefined) {
      this.#match(/\/(?:0x[\da-fA-F]+|\d+)/y);
      return { kind: "text", column };
    }
    return this.#plain(column);
  }

  /** Numbers, names and variables. */
  #plain(column: number): Value {
    const parts: (string | bigint)[] = [];
    do {
      this.#skipSpace();
      const part = this.#number() ?? this.#match(/[A-Za-z_]\w*/y);
      if (part === undefined)
        this.#fail("A value was expected: a number, a constant, r0, &(0x7f0000000000), {...}, nil.");
      parts.push(part);
      this.#skipSpace();
    } while (this.#take("|"));
    const [only] = parts;
    if (parts.length > 1 || only === undefined) return { kind: "names", parts, column };
    if (typeof only === "bigint") return { kind: "number", value: only, column };
    if (only === "nil" || only === "AUTO") return { kind: "opaque", text: only, column };
    if (/^r\d+$/.test(only)) return { kind: "variable", name: only, column };
    return { kind: "names", parts, column };
  }

  /** After `&`: `AUTO=value`, `(address)`, `(address/size)=value`. */
  #pointer(column: number): Value {
    let address: bigint | undefined;
    let size: bigint | undefined;
    if (!this.#take("AUTO")) {
      if (!this.#take("(")) this.#fail('"(" or "AUTO" was expected after "&".');
      address = this.#number() ?? this.#fail("An address was expected, such as 0x7f0000000000.");
      // Programs of years ago said how far an address lies from another.
      if (this.#take("-")) address -= this.#number() ?? this.#fail("A number was expected.");
      else if (this.#take("+")) address += this.#number() ?? this.#fail("A number was expected.");
      if (this.#take("/")) size = this.#number() ?? this.#fail('A size was expected after "/".');
      if (!this.#take(")")) this.#fail('")" was expected after the address.');
    }
    if (!this.#take("=")) return { kind: "pointer", address, size, to: undefined, column };
    this.#take("ANY=");
    return { kind: "pointer", address, size, to: this.#value(), column };
  }

  /** After `<`: `r2=>0x0>` names a value that the call gives back. */
  #result(column: number): Value {
    if (this.#match(/r\d+=>/y) === undefined) this.#fail('"r0=>" was expected after "<".');
    const value = this.#value();
    if (!this.#take(">")) this.#fail('">" was expected.');
    return { ...value, column };
  }

  #union(column: number): Value {
    const name = this.#match(/\w+/y) ?? this.#fail('A name was expected after "@".');
    if (this.#take("=")) this.#value();
    return { kind: "opaque", text: `@${name}`, column };
  }

  #number(): bigint | undefined {
    const found = this.#match(/-?(?:0x[\da-fA-F]+|\d+)(?!\w)/y);
    if (found === undefined) return undefined;
    return found.startsWith("-") ? -BigInt(found.slice(1)) : BigInt(found);
  }

  #skipSpace(): void {
    this.#match(/\s+/y);
  }

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** What a sticky expression finds here. */
  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(problem: string): never {
    return this.#failAt(this.#at + 1, problem);
  }

  #failAt(column: number, problem: string): never {
    throw new ProgramError({ line: this.#line, column }, problem);
  }
}
