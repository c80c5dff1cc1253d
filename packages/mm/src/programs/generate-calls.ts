/** Calls with arguments that have something to do with what is mapped: ranges overlap more often than chance would have it. */

import type { Prng } from "@mmrace/scheduler";
import { areasOf, callsOf, isModelled, SLOT_PAGES, type PageRange } from "./areas.ts";
import type { ArgKind, CallPlace } from "./call-spec.ts";
import { callNames, specOf, type CallName } from "./call-specs.ts";
import {
  ADVICE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  MAP_SHARED,
  PTE_MARKER_UFFD_WP,
} from "./constants.ts";
import { between, happens, oneOf } from "./draws.ts";
import type { Call, Program } from "./program.ts";

/** How much more often than others a call is drawn; 1 where nothing is said. */
const WEIGHTS: Readonly<Partial<Record<CallName, number>>> = {
  store: 3,
  load: 3,
  madvise: 4,
  mremap: 5,
  munmap: 2,
  mmap: 2,
  ioctl$UFFDIO_COPY: 2,
  ioctl$UFFDIO_MOVE: 2,
  ioctl$UFFDIO_WRITEPROTECT: 2,
  ftruncate: 2,
  hpage_collapse_scan_file: 6,
  khugepaged_scan_mm_slot: 3,
  shrink_folio_list: 2,
  // A process that ends is an end of the program too.
  exit_group: 0,
  ioctl$UFFDIO_WAKE: 0,
};

/** The program under work, as far as draws look at it. */
export interface Surroundings {
  readonly program: Program;
  readonly owner: number;
  /** Where mappings lie, and may come to lie. */
  readonly areas: readonly PageRange[];
}

/** What lies around the calls of one process. */
export function surroundingsOf(
  program: Program,
  owner: number,
  places: readonly PageRange[] = [],
): Surroundings {
  return { program, owner, areas: [...areasOf(callsOf(program, owner)), ...places] };
}

/** A call for a place. It need not fit: whoever draws it checks the program that it makes. */
export function drawCall(prng: Prng, around: Surroundings, place: CallPlace): Call {
  const names = callNames.filter((name) => specOf(name).places.includes(place) && weightOf(name) > 0);
  let ticket = prng.below(names.reduce((sum, name) => sum + weightOf(name), 0));
  const name = names.find((one) => (ticket -= weightOf(one)) < 0)!;
  return drawArguments(prng, around, name);
}

function weightOf(name: CallName): number {
  return WEIGHTS[name] ?? 1;
}

/** The same call with other arguments. */
export function drawArguments(prng: Prng, around: Surroundings, name: CallName): Call {
  if (name === "mmap") return drawMmap(prng, around);
  if (name === "mremap") return drawMremap(prng, around);
  const range = drawRange(prng, around, name);
  const args = specOf(name).args.map((kind) => drawArgument(prng, around, kind, range));
  if (name === "fallocate") args[3] = between(prng, 1, around.program.geometry.ptesPerTable - args[2]!);
  if (name === "ioctl$UFFDIO_MOVE" && args[2]! < SLOT_PAGES) args[2] = 1;
  return { name, args };
}

/** Other values for one argument of a call; the rest stays. */
export function redrawArgument(prng: Prng, around: Surroundings, { name, args }: Call): Call {
  if (args.length === 0) return { name, args };
  const at = prng.below(args.length);
  const fresh = drawArguments(prng, around, name).args[at]!;
  return { name, args: args.map((arg, index) => (index === at ? fresh : arg)) };
}

function drawArgument(prng: Prng, around: Surroundings, kind: ArgKind, range: PageRange): number {
  const { geometry, processes } = around.program;
  const files = around.program.files.filter(({ name }) => specOf(name).makes === "file").length;
  switch (kind) {
    case "page":
      return happens(prng, 3, 4) ? range.start : drawPage(prng, around);
    case "slotPage":
      return prng.below(geometry.pmdsPerMm) * SLOT_PAGES;
    case "pages":
      return range.pages;
    case "index":
      return prng.below(geometry.ptesPerTable);
    case "size":
      return happens(prng, 1, 2) ? 0 : prng.below(geometry.ptesPerTable + 1);
    case "file":
      return prng.below(Math.max(files, 1));
    case "fileOrNone":
      return files === 0 || happens(prng, 1, 3) ? -1 : prng.below(files);
    case "process":
      return prng.below(Math.max(processes.length, 1));
    case "prot":
      return happens(prng, 1, 5) ? 1 : 3;
    case "map":
      return MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    case "advice":
      return oneOf(prng, [ADVICE["MADV_DONTNEED"]!, ADVICE["MADV_DONTNEED"]!, ...Object.values(ADVICE)]);
    case "fallocMode":
      return FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
    case "registerModes":
      return oneOf(prng, [1, 1, 2, 3, 4, 5, 7]);
    case "features":
      return happens(prng, 1, 3) ? 4 : 0;
    case "wpMode":
    case "foll":
      return prng.below(2);
    case "marker":
      return PTE_MARKER_UFFD_WP; // Poison is what UFFDIO_POISON puts there, on releases that have it.
    case "value":
      return between(prng, 1, 9);
  }
}

/** A page that has an entry, mostly of a mapping. */
function drawPage(prng: Prng, { program: { geometry }, areas }: Surroundings): number {
  const { ptesPerTable, pmdsPerMm } = geometry;
  const pages = Array.from(
    { length: ptesPerTable * pmdsPerMm },
    (_, at) => Math.floor(at / ptesPerTable) * SLOT_PAGES + (at % ptesPerTable),
  );
  const mapped = pages.filter((page) =>
    areas.some(({ start, pages: count }) => page >= start && page < start + count),
  );
  // Threads that meet have more to tell, and they meet on the first pages.
  const from = mapped.length > 0 && happens(prng, 7, 8) ? mapped : pages;
  return happens(prng, 1, 2) ? from[0]! : oneOf(prng, from);
}

/** Calls whose range must not cut a mapping in two. */
const WHOLE: ReadonlySet<CallName> = new Set([
  "mmap",
  "munmap",
  "mremap",
  "ioctl$UFFDIO_REGISTER",
  "ioctl$UFFDIO_UNREGISTER",
]);

function drawRange(prng: Prng, around: Surroundings, name: CallName): PageRange {
  const { areas, program } = around;
  const page = drawPage(prng, around);
  const hit = areas.find(({ start, pages }) => page >= start && page < start + pages);
  if (hit !== undefined && (WHOLE.has(name) || happens(prng, 1, 2))) return hit;
  if (happens(prng, 1, 4)) return { start: page - (page % SLOT_PAGES), pages: SLOT_PAGES };
  const most = [2, 3].filter((pages) => isModelled(program.geometry, page + pages - 1));
  return { start: page, pages: oneOf(prng, [1, 1, ...most]) };
}

function drawMmap(prng: Prng, around: Surroundings): Call {
  const { program, areas } = around;
  const area = areas.length === 0 ? { start: 0, pages: SLOT_PAGES } : oneOf(prng, areas);
  const file = drawArgument(prng, around, "fileOrNone", area);
  const index = area.start % SLOT_PAGES;
  const pgoff = file < 0 ? 0 : Math.min(index, program.geometry.ptesPerTable - 1);
  const how = happens(prng, 1, 5) ? MAP_FIXED_NOREPLACE : MAP_FIXED;
  const sharing = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : happens(prng, 2, 3) ? MAP_SHARED : MAP_PRIVATE;
  const prot = drawArgument(prng, around, "prot", area);
  return { name: "mmap", args: [area.start, area.pages, prot, how | sharing, file, pgoff] };
}

function drawMremap(prng: Prng, { areas, program }: Surroundings): Call {
  const from = areas.length === 0 ? { start: 0, pages: SLOT_PAGES } : oneOf(prng, areas);
  const alike = areas.filter(({ start, pages }) => pages === from.pages && start !== from.start);
  const slots = Array.from({ length: program.geometry.pmdsPerMm }, (_, slot) => slot * SLOT_PAGES);
  const elsewhere = slots.map((slot) => slot + (from.start % SLOT_PAGES)).filter((to) => to !== from.start);
  const to = alike.length > 0 && happens(prng, 3, 4) ? oneOf(prng, alike).start : oneOf(prng, elsewhere);
  return { name: "mremap", args: [from.start, from.pages, to] };
}
