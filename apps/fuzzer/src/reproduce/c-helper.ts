/** Pieces of C that programs are put together from: each comes in when something names it. */

/** A function of C with what it needs. */
export interface Helper {
  readonly name: string;
  /** Names of headers. */
  readonly includes: readonly string[];
  readonly code: string;
}

/** Those of `helpers` that a text names, and those that they name, in the order in which they stand. */
export function helpersFor(text: string, helpers: readonly Helper[]): readonly Helper[] {
  const wanted = new Set<string>();
  const look = (within: string): void => {
    for (const { name, code } of helpers) {
      if (wanted.has(name) || !new RegExp(`\\b${name}\\b`).test(within)) continue;
      wanted.add(name);
      look(code);
    }
  };
  look(text);
  return helpers.filter(({ name }) => wanted.has(name));
}
