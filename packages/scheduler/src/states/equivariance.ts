/**
 * Whether threads that are said to be interchangeable are. For each step that a search comes to use, and for each exchange of
 * two threads, the exchanged step is learned too, in a state that was really reached by exchanged steps: it must look at the
 * exchanged objects and lead to the exchanged states. So, by induction over the steps of a path, whatever can happen in a
 * state can happen in each permutation of it, and nothing is lost by looking at one of them.
 */

import { UsageError } from "../assert.ts";
import type { Image, Images } from "./images.ts";
import type { Interchange, Permutation } from "./interchange.ts";
import type { Learner } from "./learner.ts";
import { NewPause } from "./looks-at.ts";
import { differs, notReached } from "./refusals.ts";
import type { Route } from "./route-run.ts";
import { DISABLED, NONE, UNKNOWN, type Transitions } from "./transitions.ts";

/** Steps from a state to start from. */
export interface Way {
  readonly root: number;
  readonly edges: readonly number[];
}

/** An exchange of two threads, and what is known about it: by edge and by root, what is in its place. */
interface Swap {
  readonly image: Image;
  readonly edges: number[];
  readonly roots: number[];
}

/** A step that is to be compared with its images. */
interface Open {
  readonly state: Int32Array;
  readonly way: Way;
  readonly thread: number;
}

/** Compares steps of interchangeable threads. */
export class Equivariance<W> {
  readonly #interchange: Interchange<W>;
  readonly #transitions: Transitions;
  readonly #learner: Learner<W>;
  readonly #routeOf: (way: Way) => Route;
  readonly #swaps: readonly Swap[];
  /** By leaf: whether its step has been compared with its images. */
  readonly #isChecked: boolean[] = [];

  constructor(
    interchange: Interchange<W>,
    images: Images,
    transitions: Transitions,
    learner: Learner<W>,
    routeOf: (way: Way) => Route,
  ) {
    this.#interchange = interchange;
    this.#transitions = transitions;
    this.#learner = learner;
    this.#routeOf = routeOf;
    this.#swaps = interchange.swaps.map((swap) => ({
      image: images.under(swap),
      edges: [],
      roots: [],
    }));
  }

  /** @throws {UsageError} unless the images of states to start from are such states. */
  checkRoots(roots: readonly (Int32Array | undefined)[]): void {
    for (const swap of this.#swaps)
      for (const [index, root] of roots.entries()) {
        const wanted = root === undefined ? undefined : this.#imageOf(swap, root);
        const found = roots.findIndex((other) => isSame(wanted, other));
        if (found < 0)
          throw new UsageError(notReached(this.#names(swap), "They differ before the first step."));
        swap.roots[index] = found;
      }
  }

  /** Compares what the threads can do in a state with what they can do in its images. All is known in the state itself. */
  checkAt(state: Int32Array, wayTo: () => Way): void {
    for (let thread = 0; thread < this.#interchange.threadNames.length; thread++) {
      const leaf = this.#transitions.leafOf(state, thread);
      if (this.#isChecked[leaf] === true) continue;
      const open: Open[] = [{ state: state.slice(), way: wayTo(), thread }];
      for (let next = open.pop(); next !== undefined; next = open.pop()) this.#checkStep(next, open);
    }
  }

  /** The way that permuted threads go: it leads to the permuted state. */
  permuted(way: Way, { swaps }: Permutation): Way {
    return swaps.reduce((before, index) => this.#swapped(this.#swaps[index]!, before), way);
  }

  #checkStep({ state, way, thread }: Open, open: Open[]): void {
    const leaf = this.#transitions.leafOf(state, thread);
    if (this.#isChecked[leaf] === true) return;
    while (this.#isChecked.length < leaf) this.#isChecked.push(false);
    this.#isChecked[leaf] = true;
    for (const swap of this.#swaps) {
      const there: Open = {
        state: this.#imageOf(swap, state),
        way: this.#swapped(swap, way),
        thread: swap.image.threads[thread]!,
      };
      this.#learn(swap, there);
      this.#compare(swap, state, thread, there);
      open.push(there);
    }
  }

  #learn(swap: Swap, { state, way, thread }: Open): void {
    while (this.#transitions.find(state, thread) === UNKNOWN) {
      try {
        this.#learner.learn(this.#routeOf(way), state);
      } catch (error) {
        if (!(error instanceof UsageError) || error instanceof NewPause) throw error;
        throw new UsageError(notReached(this.#names(swap), error.message), { cause: error });
      }
    }
  }

  /** What there is too much of there is missing here, and noticed when there is compared with here. */
  #compare(swap: Swap, state: Int32Array, thread: number, there: Open): void {
    const transitions = this.#transitions;
    const looksAt = transitions.slotsOf(state, thread).map((slot) => swap.image.slot(slot));
    const looksAtThere = new Set(transitions.slotsOf(there.state, there.thread));
    const alone = looksAt.find((slot) => !looksAtThere.has(slot));
    if (alone !== undefined)
      throw this.#differ(swap, thread, `only one of them looks at ${this.#learner.nameOf(alone)}`);
    const outcome = transitions.find(state, thread);
    const outcomeThere = transitions.find(there.state, there.thread);
    if ((outcome === DISABLED) !== (outcomeThere === DISABLED))
      throw this.#differ(swap, thread, "one can go on and the other must wait");
    if (outcome === DISABLED) return;
    const left = this.#edgesFrom(outcomeThere);
    for (const edge of this.#edgesFrom(outcome)) {
      const wanted = this.#effectOf(edge, swap.image);
      const at = left.findIndex((other) => this.#effectOf(other) === wanted);
      if (at < 0) throw this.#differ(swap, thread, "the same step does something else");
      swap.edges[edge] = left.splice(at, 1)[0]!;
    }
  }

  #edgesFrom(first: number): number[] {
    const edges: number[] = [];
    for (let edge = first; edge !== NONE; edge = this.#transitions.nextOf[edge]!) edges.push(edge);
    return edges;
  }

  /** Where an edge leads and what it writes, as text; or its image. */
  #effectOf(edge: number, image?: Image): string {
    const { targetOf, writes, writesFrom, writesTo } = this.#transitions;
    const target = targetOf[edge]!;
    const effects: string[] = [];
    for (let at = writesFrom[edge]!; at < writesTo[edge]!; at += 2) {
      const [slot, word] = [writes[at]!, writes[at + 1]!];
      effects.push(image === undefined ? `${slot}=${word}` : `${image.slot(slot)}=${image.word(slot, word)}`);
    }
    return `${target === NONE || image === undefined ? target : image.node(target)} ${effects.sort().join()}`;
  }

  #imageOf({ image }: Swap, state: Int32Array): Int32Array {
    const slots = Array.from(state, (_, slot) => image.slot(slot));
    const there = new Int32Array(Math.max(state.length, ...slots.map((slot) => slot + 1)));
    for (const [slot, to] of slots.entries()) there[to] = image.word(slot, state[slot]!);
    return there;
  }

  #swapped({ edges, roots }: Swap, way: Way): Way {
    return { root: roots[way.root]!, edges: way.edges.map((edge) => edges[edge]!) };
  }

  #names({ image }: Swap): string {
    const names = this.#interchange.threadNames;
    return names.filter((_, id) => image.threads[id] !== id).join(" and ");
  }

  #differ(swap: Swap, thread: number, how: string): UsageError {
    const where = this.#interchange.threadNames[thread]!;
    return new UsageError(differs(this.#names(swap), where, how));
  }
}

function isSame(a: Int32Array | undefined, b: Int32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [long, short] = a.length < b.length ? [b, a] : [a, b];
  return long.every((word, slot) => word === (short[slot] ?? 0));
}
