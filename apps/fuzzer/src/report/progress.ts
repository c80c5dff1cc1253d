/** Progress of long work, on standard error: lines rewritten in place on a terminal, a line now and then elsewhere. */

import { nowMs } from "../clock.ts";

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 5000;

/** Where progress is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows the latest of many texts, not all of them. */
export class Progress {
  /** Whether texts are rewritten in place, and so may have several lines. */
  readonly isTerminal: boolean;
  readonly #stream: ProgressStream;
  #lastMs = nowMs();
  /** Lines that stand on the terminal. */
  #lines = 0;

  constructor(stream: ProgressStream = process.stderr) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
  }

  /** Offers a text; it is made only when it is time to show one. */
  show(text: () => string): void {
    const now = nowMs();
    if (now - this.#lastMs < (this.isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS)) return;
    this.#lastMs = now;
    if (!this.isTerminal) {
      this.#stream.write(`${text()}\n`);
      return;
    }
    // A line that is broken by the terminal could not be taken back.
    const width = (this.#stream.columns ?? 80) - 1;
    const lines = text()
      .split("\n")
      .map((line) => line.slice(0, width));
    this.#stream.write(`${this.#rewind}${lines.join("\u001b[K\n")}\u001b[J`);
    this.#lines = lines.length;
  }

  /** Says something that stays. */
  print(line: string): void {
    this.end();
    this.#stream.write(`${line}\n`);
  }

  /** Clears what is shown, so that what follows starts at the margin. */
  end(): void {
    if (this.#lines > 0) this.#stream.write(`${this.#rewind}\u001b[J`);
    this.#lines = 0;
  }

  get #rewind(): string {
    return this.#lines > 1 ? `\r\u001b[${this.#lines - 1}A` : "\r";
  }
}
