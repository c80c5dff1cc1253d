/** What a search needs to look at one state of each orbit; see images.ts and equivariance.ts. */

import { assert } from "../assert.ts";
import { Equivariance, type Way } from "./equivariance.ts";
import { Images } from "./images.ts";
import type { Interchange } from "./interchange.ts";
import type { Walker } from "./walker.ts";

/** Puts the two together, as soon as the world of the first execution says what belongs to which thread. */
export class Symmetry<W> {
  readonly #interchange: Interchange<W>;
  #images: Images | undefined;
  #steps: Equivariance<W> | undefined;
  /** The next permutation that has its turn in `permuted`. */
  #turn = 0;

  constructor(interchange: Interchange<W>, walker: Walker<W>) {
    this.#interchange = interchange;
    const { learner, transitions, slots } = walker;
    learner.onFirstWorld = () => {
      const { all, threadNames } = interchange;
      const { world, names } = learner.run;
      this.#images = new Images(all, threadNames, interchange.ownNames(world, names), transitions, slots);
      this.#steps = new Equivariance(interchange, this.#images, transitions, learner, (way) =>
        walker.routeOf(way),
      );
    };
  }

  get images(): Images {
    assert(this.#images !== undefined, "an orbit before the first world");
    return this.#images;
  }

  get steps(): Equivariance<W> {
    assert(this.#steps !== undefined, "steps are compared before the first world");
    return this.#steps;
  }

  /** The same way for permuted threads; another permutation each time. */
  permuted(way: Way): Way {
    const { all } = this.#interchange;
    this.#turn = (this.#turn + 1) % all.length;
    return this.steps.permuted(way, all[this.#turn]!);
  }
}
