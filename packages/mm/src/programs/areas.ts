/**
 * The mappings that may come to be, whatever the schedule: those of the set-up, those of mmap(), and where mremap() may bring
 * any of them. A call that could meet one of them with a part of its range would have to split it.
 */

import { PMD_SIZE, PAGE_SIZE } from "@mmrace/x86-paging";
import type { Geometry } from "../state/geometry.ts";
import type { Call, Program } from "./program.ts";

/** Pages of one PMD slot. */
export const SLOT_PAGES: number = PMD_SIZE / PAGE_SIZE;

/** A range of pages. */
export interface PageRange {
  readonly start: number;
  readonly pages: number;
}

/** A mapping that may come to be, and the call by which. */
export interface Area extends PageRange {
  readonly prot: number;
  readonly map: number;
  /** Index of the file, or -1. */
  readonly file: number;
  readonly pgoff: number;
  readonly call: Call;
}

/** Whether an address has an entry in the world. */
export function isModelled({ ptesPerTable, pmdsPerMm }: Geometry, page: number): boolean {
  return page >= 0 && page % SLOT_PAGES < ptesPerTable && page < pmdsPerMm * SLOT_PAGES;
}

/** Whether two ranges have pages in common. */
export function overlap(a: PageRange, b: PageRange): boolean {
  return a.start < b.start + b.pages && b.start < a.start + a.pages;
}

/** Whether the first has all of the second. */
export function contains(a: PageRange, b: PageRange): boolean {
  return a.start <= b.start && a.start + a.pages >= b.start + b.pages;
}

/** The area that an mmap() makes. */
export function areaOf(call: Call): Area {
  const [start, pages, prot, map, file, pgoff] = call.args as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { start, pages, prot, map, file, pgoff, call };
}

/** The calls that a process's set-up and threads make. */
export function callsOf({ processes, threads }: Program, owner: number): readonly Call[] {
  return [
    ...(processes[owner]?.setup ?? []),
    ...threads.filter((thread) => thread.owner === owner).flatMap(({ calls }) => calls),
  ];
}

/** All areas that a process may come to have. */
export function areasOf(calls: readonly Call[]): readonly Area[] {
  const areas = calls.filter(({ name }) => name === "mmap").map(areaOf);
  const moves = calls.filter(({ name }) => name === "mremap");
  // A move may bring where another one goes on; each place is noted once for what lies there.
  for (let at = 0; at < areas.length; at++) {
    const area = areas[at]!;
    for (const call of moves) {
      const [start, pages, to] = call.args as [number, number, number];
      if (start !== area.start || pages !== area.pages) continue;
      const moved = { ...area, start: to, call };
      if (!areas.some((known) => isSame(known, moved))) areas.push(moved);
    }
  }
  return areas;
}

function isSame(a: Area, b: Area): boolean {
  return (
    a.start === b.start && a.pages === b.pages && a.file === b.file && a.pgoff === b.pgoff && a.map === b.map
  );
}
