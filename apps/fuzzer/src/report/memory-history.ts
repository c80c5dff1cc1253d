/** The page tables and TLBs of a world through one execution: each entry with the steps at which it changed. */

import type { PageTable, World } from "@mmrace/mm";
import {
  describeEntry,
  entryKind,
  entryToHex,
  PAGE_SIZE,
  pagesSpanned,
  pfnOf,
  type Entry,
} from "@mmrace/x86-paging";
import type { TableData, TableState, ValueData } from "./report-data.ts";
import type { Texts } from "./texts.ts";

/** The same data, while it grows. */
interface Cell {
  readonly label: string;
  readonly values: ValueData[];
}
interface Table {
  readonly title: string;
  readonly kind: TableData["kind"];
  readonly life: { readonly step: number; readonly state: TableState }[];
  readonly cells: Cell[];
}

/** Watches the memory of one execution. */
export class MemoryHistory {
  readonly tables: Table[] = [];
  readonly #texts: Texts;
  /** Place in `tables`, by what names the table in the model: a PMD table or a TLB by its name, a PTE table by itself. */
  readonly #places = new Map<unknown, number>();
  /** The entry last noted of each cell. Entries never change in place. */
  readonly #last = new Map<Cell, Entry | string>();

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** Notes what has changed. @param step the step just performed; -1 before the first one. */
  note(world: World, step: number): void {
    // First the tables, so that entries can name them.
    for (const table of world.tables.values()) this.#table(table, `table 0x${table.pfn.toString(16)}`, "pte");
    for (const mm of world.mms) {
      for (const pmdTable of mm.pmdTables) {
        const [first] = pmdTable.slots;
        const table = this.#table(pmdTable, first?.name.replace(/\[.*/, "") ?? mm.name, "pmd");
        this.#live(table, step, "live");
        pmdTable.slots.forEach((slot, at) => this.#entry(world, table, at, slot.value, 2, step));
      }
    }
    for (const pteTable of world.tables.values()) {
      const table = this.#table(pteTable, "", "pte");
      this.#live(table, step, lifeOf(pteTable));
      pteTable.ptes.values.forEach((pte, at) => this.#entry(world, table, at, pte, 1, step));
    }
    this.#noteTlbs(world, step);
  }

  /** What a CPU has cached, one line each: a list that grows and shrinks, so lines have no meaning of their own. */
  #noteTlbs({ mms }: World, step: number): void {
    for (const tlb of mms.flatMap((mm) => mm.tlbs.cpus)) {
      const { translations, structures } = tlb.caches;
      const lines = [
        ...translations.map(
          ({ page, pages, frame, rights }) =>
            `${address(page)} → pfn 0x${frame.toString(16)}, ${pages === 1 ? "4 KiB" : "2 MiB"}${rights.write ? ", RW" : ""}`,
        ),
        ...structures.map(
          ({ prefix, level, frame }) =>
            `level ${level} at ${address(prefix * pagesSpanned(level))} → table 0x${frame.toString(16)}`,
        ),
      ];
      const table = this.#table(tlb, tlb.name, "tlb");
      this.#live(table, step, "live");
      for (let at = 0; at < Math.max(lines.length, table.cells.length); at++) {
        const cell = (table.cells[at] ??= { label: "", values: [] });
        const text = lines[at] ?? "";
        if ((this.#last.get(cell) ?? "") === text) continue;
        this.#last.set(cell, text);
        cell.values.push({ step, text: this.#texts.number(text), bits: this.#texts.number("") });
      }
    }
  }

  #table(key: unknown, title: string, kind: Table["kind"]): Table {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.tables.push({ title, kind, life: [], cells: [] }) - 1;
      this.#places.set(key, place);
    }
    return this.tables[place]!;
  }

  #live({ life }: Table, step: number, state: TableState): void {
    if (life.at(-1)?.state !== state) life.push({ step, state });
  }

  #entry(world: World, table: Table, at: number, entry: Entry, level: 1 | 2, step: number): void {
    const cell = (table.cells[at] ??= { label: String(at), values: [] });
    if (this.#last.get(cell) === entry) return;
    this.#last.set(cell, entry);
    const kind = entryKind(entry, level);
    const text = this.#texts.number(kind === "none" ? "" : describeEntry(entry, level));
    const bits = this.#texts.number(entryToHex(entry));
    if (cell.values.at(-1)?.bits === bits) return;
    const named = kind === "table" ? this.#places.get(world.tables.get(pfnOf(entry))) : undefined;
    cell.values.push({ step, text, bits, ...(named === undefined ? {} : { names: named }) });
  }
}

function lifeOf({ isDoomed, lifetime }: PageTable): TableState {
  if (lifetime.ended) return "freed";
  return isDoomed ? "doomed" : "live";
}

function address(page: number): string {
  return `0x${(page * PAGE_SIZE).toString(16)}`;
}
