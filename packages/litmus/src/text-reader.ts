/** Reads the text of a test piece by piece, and says where it stands when something is wrong. */

import { UsageError } from "@mmrace/scheduler";

/** A text with a position in it. White space and `(* comments *)` stand between any two pieces. */
export class TextReader {
  readonly #text: string;
  readonly #name: string;
  #at: number;

  /** @param name what errors call the text: a file name. @param start where to begin. */
  constructor(text: string, name: string, start: number = 0) {
    this.#text = text;
    this.#name = name;
    this.#at = start;
  }

  get isAtEnd(): boolean {
    this.#skipBlanks();
    return this.#at === this.#text.length;
  }

  /** Where the next piece starts, as a number that `fail` takes. */
  get position(): number {
    this.#skipBlanks();
    return this.#at;
  }

  /** Whether the next piece is this one; takes it if so. */
  accept(piece: string): boolean {
    this.#skipBlanks();
    if (!this.#text.startsWith(piece, this.#at)) return false;
    this.#at += piece.length;
    return true;
  }

  /** Whether the next piece matches; takes nothing. */
  isBefore(pattern: RegExp): boolean {
    const before = this.position;
    const found = this.match(pattern);
    this.#at = before;
    return found !== undefined;
  }

  /** Takes what matches; `undefined` when the next piece does not. */
  match(pattern: RegExp): string | undefined {
    this.#skipBlanks();
    const sticky = new RegExp(pattern.source, "y");
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /**
   * Takes all up to a `|` or `;`, which stays, as a reader of its own. The `;` that may follow a lock prefix is no end.
   */
  cell(): TextReader {
    const start = this.position;
    while (this.#at < this.#text.length && !this.#endsCell(start)) {
      if (this.#text.startsWith("(*", this.#at)) this.#skipComment();
      else this.#at++;
    }
    return new TextReader(this.#text.slice(0, this.#at), this.#name, start);
  }

  #endsCell(start: number): boolean {
    const next = this.#text[this.#at];
    return next === "|" || (next === ";" && !/^lock\s*$/i.test(this.#text.slice(start, this.#at)));
  }

  /** Takes the rest of the line. */
  line(): string {
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end < 0 ? this.#text.length : end);
    this.#at += line.length;
    return line.trim();
  }

  /** @throws {UsageError} unless the next piece is this one. */
  expect(piece: string, where: string): void {
    if (!this.accept(piece)) this.fail(`expected "${piece}" ${where}, found "${this.#next()}"`);
  }

  /** @throws {UsageError} with file, line and column. */
  fail(message: string, at: number = this.position): never {
    const lines = this.#text.slice(0, at).split("\n");
    throw new UsageError(`${this.#name}:${lines.length}:${lines.at(-1)!.length + 1}: ${message}.`);
  }

  #next(): string {
    return this.#text.slice(this.#at).split(/\s/, 1)[0]!.slice(0, 20) || "the end";
  }

  #skipBlanks(): void {
    for (;;) {
      while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
      if (!this.#text.startsWith("(*", this.#at)) return;
      this.#skipComment();
    }
  }

  #skipComment(): void {
    const end = this.#text.indexOf("*)", this.#at + 2);
    if (end < 0) {
      const start = this.#at;
      this.#at = this.#text.length;
      this.fail("a comment is not closed", start);
    }
    this.#at = end + 2;
  }
}
