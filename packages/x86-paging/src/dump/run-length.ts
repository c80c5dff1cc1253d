/**
 * Rows that stand for many rows: `[x, y, ...rest, n, dx, dy]` means the n rows `(x + k*dx, y + k*dy, ...rest)`.
 *
 * Numbers may be JSON numbers or hexadecimal text such as `0x1000` or `-0x24000`. A first reader may skip this.
 */

import { PagingError } from "../errors.ts";

/** One expanded row: two values that advance and the columns that do not. */
export interface ExpandedRow {
  readonly x: bigint;
  readonly y: bigint;
  readonly rest: readonly unknown[];
}

/**
 * Expands rows, in order.
 *
 * @param columns how many columns a row has besides n, dx and dy; at least 2.
 * @throws {PagingError} `dump-malformed` for a row of another shape.
 */
export function* expandRows(rows: readonly unknown[], columns: number): Generator<ExpandedRow> {
  for (const row of rows) {
    if (!Array.isArray(row) || row.length !== columns + 3) {
      throw new PagingError("dump-malformed", JSON.stringify(row), `a row has ${columns + 3} columns`);
    }
    const cells: readonly unknown[] = row;
    const count = parseInteger(cells[columns]);
    const stepX = parseInteger(cells[columns + 1]);
    const stepY = parseInteger(cells[columns + 2]);
    const rest = cells.slice(2, columns);
    let x = parseInteger(cells[0]);
    let y = parseInteger(cells[1]);
    if (count < 1n || count > 1n << 36n) {
      throw new PagingError("dump-malformed", JSON.stringify(row), "a row stands for 1 to 2^36 rows");
    }
    for (let k = 0n; k < count; k++, x += stepX, y += stepY) yield { x, y, rest };
  }
}

/**
 * A whole number from JSON: a safe number, or hexadecimal text with an optional sign.
 *
 * @throws {PagingError} `dump-malformed` for anything else.
 */
export function parseInteger(value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?0x[0-9a-f]{1,16}$/i.test(value)) {
    return value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
  }
  throw new PagingError("dump-malformed", JSON.stringify(value) ?? "undefined", "expected a whole number");
}
