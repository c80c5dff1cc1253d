/** Progress of long work, on standard error: one line rewritten on a terminal, a line now and then elsewhere. */

import { nowMs } from "../clock.ts";

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 5000;

/** Shows the latest of many texts, not all of them. */
export class Progress {
  readonly #isTerminal = process.stderr.isTTY === true;
  #lastMs = nowMs();
  #isShown = false;

  /** Offers a text; it is made only when it is time to show one. */
  show(text: () => string): void {
    const now = nowMs();
    if (now - this.#lastMs < (this.#isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS)) return;
    this.#lastMs = now;
    this.#isShown = true;
    process.stderr.write(this.#isTerminal ? `\r\u001b[K${text()}` : `${text()}\n`);
  }

  /** Clears the line, so that what follows starts at the margin. */
  end(): void {
    if (this.#isTerminal && this.#isShown) process.stderr.write("\r\u001b[K");
  }
}
