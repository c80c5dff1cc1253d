/** The page tables before and after a step, side by side, with lines from the entries to the tables they name. */

import type { CellData, RecordingData, TableData, TableState, ValueData } from "../src/report/report-data.ts";
import type { Cursor } from "./cursor.ts";
import { element, svg } from "./dom.ts";

/** Both pictures. They follow the cursor. */
export function tablesView(recording: RecordingData, cursor: Cursor): HTMLElement {
  const before = new Picture(recording, "Before");
  const after = new Picture(recording, "After");
  cursor.follow((step) => {
    before.draw(step - 1, step);
    after.draw(step, step);
  });
  const view = element("div", { class: "pictures" }, before.root, after.root);
  new ResizeObserver(() => {
    before.drawLinks();
    after.drawLinks();
  }).observe(view);
  return view;
}

/** One picture. */
class Picture {
  readonly root: HTMLElement;
  readonly #recording: RecordingData;
  readonly #name: string;
  readonly #title = element("h4");
  readonly #body = element("div", { class: "memory" });
  readonly #links = svg("svg", { class: "links", "aria-hidden": "true" });
  /** Entries that name tables, with the tables. */
  #named: { readonly from: HTMLElement; readonly to: HTMLElement }[] = [];

  constructor(recording: RecordingData, name: string) {
    this.#recording = recording;
    this.#name = name;
    this.root = element("section", {
      class: "picture",
      "aria-label": `Page tables ${name.toLowerCase()} the step`,
    });
    this.root.append(this.#title, this.#body);
  }

  /** @param at the step after which memory is shown. @param changedBy the step whose changes are marked. */
  draw(at: number, changedBy: number): void {
    this.#title.textContent = `${this.#name} step ${changedBy}`;
    const { tables } = this.#recording;
    const cards = tables.map((table) => this.#card(table, at, changedBy));
    const column = (kinds: readonly TableData["kind"][]): HTMLElement =>
      element(
        "div",
        { class: "column" },
        ...tables.flatMap(({ kind }, place) =>
          kinds.includes(kind) && cards[place] !== undefined ? [cards[place]] : [],
        ),
      );
    this.#body.replaceChildren(this.#links, column(["pmd", "tlb"]), column(["pte"]));
    this.#named = [];
    tables.forEach((table, place) => {
      const card = cards[place];
      if (card === undefined) return;
      table.cells.forEach((cell, index) => {
        const names = valueAt(cell, at)?.names;
        const to = names === undefined ? undefined : cards[names];
        const from = card.querySelector<HTMLElement>(`[data-index="${index}"]`);
        if (to !== undefined && from !== null) this.#named.push({ from, to });
      });
    });
    this.drawLinks();
  }

  #card(table: TableData, at: number, changedBy: number): HTMLElement | undefined {
    const state = stateAt(table, at);
    if (state === "absent") return undefined;
    const { texts } = this.#recording;
    const rows = table.cells.flatMap((cell, index) => {
      // A table may have 512 entries; those that are never used are not worth a line.
      const isUsed = cell.values.some(({ text }) => texts[text] !== "");
      return isUsed || table.cells.length <= 8 ? [this.#row(table, cell, index, at, changedBy)] : [];
    });
    const left = table.cells.length - rows.length;
    const isTurning = table.life.some(({ step }) => step === changedBy && step >= 0);
    return element(
      "div",
      { class: `card ${table.kind} ${state}${isTurning ? " changed" : ""}` },
      element(
        "h5",
        {},
        table.title,
        ...(state === "live" ? [] : [" ", element("span", { class: "state" }, STATES[state])]),
      ),
      element("ol", {}, ...rows),
      ...(left > 0 ? [element("p", { class: "quiet" }, `${left} more, none throughout`)] : []),
    );
  }

  #row(table: TableData, cell: CellData, index: number, at: number, changedBy: number): HTMLElement {
    const { texts } = this.#recording;
    const value = valueAt(cell, at);
    const [what, flags] = inParts(value === undefined ? "" : texts[value.text]!);
    const isChanged = changedBy >= 0 && cell.values.some(({ step }) => step === changedBy);
    const bits = value === undefined ? "" : texts[value.bits]!;
    return element(
      "li",
      {
        class: `${what === "" ? "none" : "some"}${isChanged ? " changed" : ""}`,
        "data-index": index,
        title: bits === "" ? undefined : `${table.title}[${cell.label}] = ${bits}`,
      },
      ...(cell.label === "" ? [] : [element("span", { class: "index" }, cell.label)]),
      element("span", { class: "what" }, what === "" ? (table.kind === "tlb" ? "—" : "none") : what),
      element("span", { class: "flags" }, flags),
    );
  }

  /** Lines from entries to tables. */
  drawLinks(): void {
    const box = this.#body.getBoundingClientRect();
    this.#links.setAttribute("viewBox", `0 0 ${Math.max(box.width, 1)} ${Math.max(box.height, 1)}`);
    this.#links.replaceChildren(
      ...this.#named.map(({ from, to }) => {
        const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
        const [x1, y1] = [a.right - box.left, a.top - box.top + a.height / 2];
        const [x2, y2] = [b.left - box.left, b.top - box.top + 14];
        const bend = Math.max((x2 - x1) / 2, 12);
        return svg("path", { d: `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}` });
      }),
    );
  }
}

const STATES: Readonly<Record<TableState, string>> = {
  absent: "",
  live: "",
  doomed: "unlinked, to be freed",
  freed: "freed",
};

/** The newest value that is not later than a step. */
export function valueAt({ values }: CellData, step: number): ValueData | undefined {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]!.step <= step) low = middle + 1;
    else high = middle;
  }
  return values[low - 1];
}

function stateAt({ life }: TableData, step: number): TableState {
  return life.findLast((turn) => turn.step <= step)?.state ?? "absent";
}

/** `4 KiB page pfn 0x200` and `P RW US`. */
function inParts(text: string): readonly [what: string, flags: string] {
  const at = /\s(?=(P|PROT_NONE|INVALID)(\||$))/.exec(text)?.index;
  return at === undefined ? [text, ""] : [text.slice(0, at), text.slice(at + 1).replaceAll("|", " ")];
}
