/** The CPU columns: only the lines that are to be seen are in the document, so that 10,000 steps cost no more than 40. */

import type { FindingData, RecordingData, RowData } from "../src/report/report-data.ts";
import type { Cursor } from "./cursor.ts";
import { copyButton, element, onceAFrame } from "./dom.ts";
import { threadName } from "./names.ts";

const LINE = 22;
/** Of the column of step numbers, 4rem. */
const STEPS_WIDTH = 64;
/** Lines that are ready above and below. */
const MARGIN = 12;

/** The columns with what copies them. */
export function columnsView(
  { columns, recording, oracle, message }: FindingData,
  cursor: Cursor,
): HTMLElement {
  const list = new ColumnList(recording, cursor);
  return element(
    "div",
    { class: "columns" },
    element(
      "div",
      { class: "columns-head" },
      element("span", { class: "label" }, "CPU columns"),
      element("span", { class: "quiet" }, "time downwards; a click goes to the step"),
      copyButton("Copy as text", "Copy the CPU columns as text, as for a commit message", () => columns),
    ),
    list.root,
    element("p", { class: "verdict" }, element("b", {}, oracle), `: ${message}`),
  );
}

/** A list box of lines. */
class ColumnList {
  readonly root: HTMLElement;
  readonly #recording: RecordingData;
  readonly #cursor: Cursor;
  /** Threads that have lines, in the order of their columns. */
  readonly #used: readonly number[];
  /** By step, the line of its operation. */
  readonly #lineOf: readonly number[];
  readonly #lines: HTMLElement;
  readonly #due = onceAFrame(() => this.#draw());

  constructor(recording: RecordingData, cursor: Cursor) {
    this.#recording = recording;
    this.#cursor = cursor;
    const { rows, threads } = recording;
    this.#used = threads.flatMap((_, thread) =>
      rows.some(({ column }) => column === thread) ? [thread] : [],
    );
    this.#lineOf = rows.flatMap(({ isProcedure }, line) => (isProcedure ? [] : [line]));
    this.#lines = element("div", { class: "lines", style: `height: ${rows.length * LINE}px` });
    const heads = this.#used.map((thread) => {
      const { name, cpu } = threads[thread]!;
      return element("span", { class: `thread thread-${thread % 8}` }, threadName({ name, cpu }));
    });
    this.root = element(
      "div",
      {
        class: "list-box",
        role: "listbox",
        tabindex: 0,
        "aria-label": "Steps, as CPU columns",
        style: `--cpus: ${this.#used.length}`,
      },
      element("div", { class: "heads", "aria-hidden": "true" }, element("span"), ...heads),
      this.#lines,
    );
    this.root.addEventListener("scroll", () => this.#due());
    this.root.addEventListener("keydown", (event) => this.#onKey(event));
    this.#lines.addEventListener("click", ({ target }) => {
      const line = (target as Element).closest<HTMLElement>("[data-step]");
      if (line !== null) cursor.move(Number(line.dataset["step"]));
    });
    // It has no height before it stands in the document.
    new ResizeObserver(() => {
      this.#show(this.#lineOf[cursor.step]!);
      this.#due();
    }).observe(this.root);
    cursor.follow((step) => {
      this.#show(this.#lineOf[step]!);
      this.#due();
    });
  }

  #onKey(event: KeyboardEvent): void {
    const page = Math.floor(this.root.clientHeight / LINE) - 2;
    const by: number | undefined = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.#cursor.move(Math.max(-1, Math.min(this.#cursor.step + by, this.#cursor.steps)));
  }

  /** Scrolls so that a line can be seen, and its column. */
  #show(line: number): void {
    const column = this.#used.indexOf(this.#recording.rows[line]!.column);
    const width = (this.root.scrollWidth - STEPS_WIDTH) / this.#used.length;
    const room = this.root.clientWidth - STEPS_WIDTH;
    if (column * width < this.root.scrollLeft || (column + 0.5) * width > this.root.scrollLeft + room)
      this.root.scrollLeft = column * width;
    const [top, height] = [line * LINE, this.root.clientHeight - 2 * LINE];
    if (top < this.root.scrollTop + LINE) this.root.scrollTop = top - 3 * LINE;
    else if (top > this.root.scrollTop + height) this.root.scrollTop = top - height + 3 * LINE;
  }

  #draw(): void {
    const { rows } = this.#recording;
    const first = Math.max(0, Math.floor(this.root.scrollTop / LINE) - MARGIN);
    const last = Math.min(rows.length, first + Math.ceil(this.root.clientHeight / LINE) + 2 * MARGIN);
    const lines: HTMLElement[] = [];
    for (let line = first; line < last; line++) lines.push(this.#line(rows[line]!, line));
    this.#lines.replaceChildren(...lines);
    const active = this.#lineOf[this.#cursor.step]!;
    this.root.setAttribute("aria-activedescendant", `line-${active}`);
  }

  #line({ step, column, depth, text, isProcedure }: RowData, line: number): HTMLElement {
    const { texts, steps } = this.#recording;
    const isCurrent = !isProcedure && step === this.#cursor.step;
    const isSwitch = step > 0 && steps[step]!.thread !== steps[step - 1]!.thread;
    const words = texts[text]!;
    const what = element(
      "span",
      {
        class: isProcedure ? "procedure" : "operation",
        style: `grid-column: ${this.#used.indexOf(column) + 2}; padding-left: ${depth + 0.75}em`,
        title: words,
      },
      words,
    );
    const isFirst = isSwitch && this.#recording.rows[line - 1]?.step !== step;
    return element(
      "div",
      {
        id: `line-${line}`,
        class: `line${isCurrent ? " current" : ""}${isFirst ? " switch" : ""}`,
        role: isProcedure ? "presentation" : "option",
        "aria-selected": isProcedure ? undefined : String(isCurrent),
        "aria-posinset": isProcedure ? undefined : step + 1,
        "aria-setsize": isProcedure ? undefined : steps.length,
        "data-step": step,
        style: `top: ${line * LINE}px`,
      },
      element("span", { class: "step" }, isProcedure ? "" : String(step)),
      what,
    );
  }
}
