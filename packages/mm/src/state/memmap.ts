/** Which frames belong to one folio. Kernel: `struct page`, compound_head(). Only a split changes that. */

import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";
import type { Folio } from "./folio.ts";
import type { World } from "./world.ts";

/** The descriptors of all frames. */
export class MemMap extends SharedObject {
  /** The first frames of large folios that were split, in order. */
  readonly split: number[] = [];

  constructor() {
    super("memmap");
  }

  override stateValue(): unknown {
    return this.split;
  }
}

type PageArgument = readonly [w: World, pfn: number];

const pageFolioKind: OperationKind<MemMap, PageArgument, Folio | undefined> = {
  name: "page_folio",
  access: "read",
  isIndispensable: true,
  perform: (_memmap, [w, pfn]) => w.folioOf(pfn),
  describe: (_memmap, [, pfn], folio) => `page_folio(${pfn.toString(16)}) = ${folio?.name ?? "none"}`,
};

/**
 * The folio that a frame belongs to at this moment: page_folio(). Where no split can come between, which is nearly
 * everywhere, `World.folioOf` says the same without a step.
 */
export function pageFolio(w: World, pfn: number): Operation<Folio | undefined> {
  return Operation.of(pageFolioKind, w.memmap, [w, pfn]);
}

const testLargeKind: OperationKind<MemMap, Folio, boolean> = {
  name: "folio_test_large",
  access: "read",
  isIndispensable: true,
  perform: (_memmap, { pages }) => pages > 1,
  describe: (_memmap, { name }, isLarge) => `folio_test_large(${name}) = ${isLarge}`,
};

/** Whether a folio has several pages at this moment. Where no split can come between, `Folio.pages` says the same. */
export function folioTestLarge(w: World, folio: Folio): Operation<boolean> {
  return Operation.of(testLargeKind, w.memmap, folio);
}
