/**
 * Where a depth-first search stands, as plain data. The path of the last execution, with what was explored at each of its
 * nodes and what was not, says all that is left to do. So one form serves to restrict a search to a part of its tree, to
 * hand a part to another worker, and to save a search and continue it.
 */

/** One choice on the path from the start to where the search is. Sets are bit sets over choices. */
export interface SearchNode {
  readonly chosen: number;
  /** Choices that may be taken here. */
  readonly candidates: number;
  /** Choices explored completely, here or in a part that comes earlier in the order of the search. */
  readonly explored: number;
  /** Threads asleep on arrival; 0 without reduction and at data choices. */
  readonly asleep: number;
  /** Candidates that another part explores. */
  readonly elsewhere: number;
}

/** The path of the execution that ran last, and what was found out on the way. */
export interface SearchPosition {
  /** From the start; empty before the first execution. */
  readonly path: readonly SearchNode[];
  /** A bound has cut something off. */
  readonly hasCut: boolean;
}

/** Before the first execution. */
export const SEARCH_START: SearchPosition = { path: [], hasCut: false };

/** The candidates of a node that are still to be explored after the chosen one. */
export function leftAt({ chosen, candidates, explored, elsewhere }: SearchNode): number {
  return candidates & ~(explored | elsewhere | (1 << chosen));
}

/**
 * Parts the work that is left in two: what lies below the choice that is being explored at the first node with further
 * candidates, and these candidates. `kept` comes first in the order of the search. Each part has the sleep sets and the
 * budget that the whole search would have there, so both together run exactly its executions.
 *
 * @returns undefined before the first execution, and where one choice is left at most.
 */
export function splitPosition({
  path,
  hasCut,
}: SearchPosition): { readonly kept: SearchPosition; readonly given: SearchPosition } | undefined {
  const depth = path.findIndex((node) => leftAt(node) !== 0);
  if (depth < 0) return undefined;
  const node = path[depth]!;
  const left = leftAt(node);
  // What was cut off has been noted; it need not be noted twice.
  const given = { path: path.slice(0, depth + 1), hasCut: false };
  return {
    kept: { path: path.with(depth, { ...node, elsewhere: node.elsewhere | left }), hasCut },
    given,
  };
}

/**
 * Which share of the tree is left: each choice at a node is taken to lead to an equal share of what lies below the node.
 * 1 before the first execution, 0 when nothing is left.
 */
export function shareLeft({ path }: SearchPosition): number {
  if (path.length === 0) return 1;
  let share = 1;
  let left = 0;
  for (const node of path) {
    share /= sizeOf(node.candidates);
    left += share * sizeOf(leftAt(node));
  }
  return left;
}

/** How many members a bit set has. */
export function sizeOf(set: number): number {
  let size = 0;
  for (let left = set; left !== 0; left &= left - 1) size++;
  return size;
}
