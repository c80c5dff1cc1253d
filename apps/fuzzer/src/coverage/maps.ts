/** The coverage maps. Each is a vector of its own, so that one that saturates does not hide another. */

/** Slots of each map. Features are hashed; a collision merges two, it never invents one. */
export const MAP_SIZE: number = 1 << 14;

/**
 * What the maps hold:
 *
 * - `reads-from`: who wrote, who finds it (RFF, ASPLOS 2024, by sites);
 * - `lock hand-over`: who had a lock, who takes it next;
 * - `race order`: two accesses of a location in a row by different threads, at least one of which writes (Krace's alias
 *   pairs, IEEE S&P 2020, in their order);
 * - `entry transitions`: what page-table entries were and what they became;
 * - `paths`: two sites that a thread went through in a row, so which way each procedure returned;
 * - `in flight`: what another thread was about to do when this one did something.
 */
export const MAP_NAMES = [
  "reads-from",
  "lock hand-over",
  "race order",
  "entry transitions",
  "paths",
  "in flight",
] as const;

/** The name of a map. */
export type MapName = (typeof MAP_NAMES)[number];

/** Slots over all maps. */
export const COVERAGE_SIZE: number = MAP_SIZE * MAP_NAMES.length;

/** Where a map begins. */
export function mapStart(name: MapName): number {
  return MAP_NAMES.indexOf(name) * MAP_SIZE;
}

/** Which map a slot belongs to. */
export function mapOf(slot: number): MapName {
  return MAP_NAMES[Math.floor(slot / MAP_SIZE)]!;
}
