/** What a zap spares. Kernel: `struct zap_details`, include/linux/mm.h. */

import type { Folio } from "../../state/folio.ts";

/** Options of one zap. */
export interface ZapDetails {
  /** Private copies of file pages go too: even_cows. */
  readonly evenCows: boolean;
  /** The only folio to unmap: single_folio. */
  readonly singleFolio: Folio | null;
  /** Markers go too: ZAP_FLAG_DROP_MARKER. */
  readonly dropMarkers: boolean;
  /** An empty table may go: reclaim_pt, 6.14 and later. */
  readonly reclaimPt: boolean;
}

/** No details: everything goes but markers that ordinary zaps keep. */
export const ZAP_PAGES: ZapDetails = {
  evenCows: true,
  singleFolio: null,
  dropMarkers: false,
  reclaimPt: false,
};

/** Unmapping for good: markers as well. */
export const ZAP_UNMAP: ZapDetails = { ...ZAP_PAGES, dropMarkers: true };

/** Whether a page of the folio goes: should_zap_folio(). */
export function shouldZapFolio({ evenCows }: ZapDetails, folio: Folio): boolean {
  return evenCows || !folio.isAnon;
}
