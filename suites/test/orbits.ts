/** What TLC counts with symmetry: of all states that differ in which is which, it looks at the first it meets. */

export type Order = readonly number[];

/** All orders of so many numbers, as they are first. */
export function orders(length: number): readonly Order[] {
  if (length === 0) return [[]];
  return orders(length - 1).flatMap((order) =>
    Array.from({ length }, (_, at) => order.toSpliced(length - 1 - at, 0, length - 1)),
  );
}

/** A machine that is searched. */
export interface Machine<S> {
  readonly start: S;
  readonly after: (state: S) => readonly S[];
  /** All states of one class with this one, as texts. */
  readonly images: (state: S) => readonly string[];
  /** States that are generated and not looked at. */
  readonly isOutside?: (state: S) => boolean;
  /** States that are wrong. */
  readonly isWrong?: (state: S) => boolean;
}

/** What was counted. TLC counts states along the deepest path, and the first state as generated. */
export interface OrbitCounts {
  /** The states that were looked at: one of each class. */
  readonly orbits: number;
  readonly generated: number;
  readonly depth: number;
  /** Steps to the first state that is wrong. */
  readonly wrongAfter: number | undefined;
  /** Over all states of these classes: how many there are, their steps, and steps that lead outside. */
  readonly all: { readonly states: number; readonly transitions: number; readonly outside: number };
}

/** Searches breadth-first. */
export function countOrbits<S>({ start, after, images, isOutside, isWrong }: Machine<S>): OrbitCounts {
  const seen = new Set<string>();
  let [generated, depth, states, transitions, outside] = [1, 0, 0, 0, 0];
  let wrongAfter: number | undefined;
  /** @returns how many states are of one class with this one; 0 if one of them was there before. */
  const add = (state: S): number => {
    const all = new Set(images(state));
    let least: string | undefined;
    for (const text of all) if (least === undefined || text < least) least = text;
    if (seen.has(least!)) return 0;
    seen.add(least!);
    states += all.size;
    if (isWrong?.(state) === true) wrongAfter ??= depth;
    return all.size;
  };
  for (let level: [S, number][] = [[start, add(start)]]; level.length > 0;) {
    const below: typeof level = [];
    depth++;
    for (const [state, size] of level)
      for (const next of after(state)) {
        generated++;
        if (isOutside?.(next) === true) {
          outside += size;
          continue;
        }
        transitions += size;
        const isNew = add(next);
        if (isNew > 0) below.push([next, isNew]);
      }
    level = below;
  }
  return { orbits: seen.size, generated, depth, wrongAfter, all: { states, transitions, outside } };
}
