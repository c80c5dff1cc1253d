/** Scenario families: one situation, on any kernel release and in any geometry. */

import { rcuCallbacks } from "@mmrace/locks";
import {
  defineScenario,
  UsageError,
  type Parameters,
  type Property,
  type Scenario,
  type ThreadBody,
  type ThreadSpec,
} from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { kernelById, type Kernel } from "../kernels/kernels.ts";
import { allOracles } from "../oracles/oracles.ts";
import { SMALL, type Geometry } from "../state/geometry.ts";
import type { World } from "../state/world.ts";
import type { NotExpressible, Userspace } from "../userspace/userspace.ts";

/** A situation, before a release is chosen. */
export interface ScenarioFamily {
  /** Identity on the command line and in tokens. */
  readonly name: string;
  /** One line for `mmrace list scenarios`. */
  readonly about: string;
  /** The release that the situation is about: the one that runs when nobody names another. */
  readonly kernelDefault: string;
  /**
   * The scenario on one release: by name, or on one of your own, made by `changedKernel`. The command line knows releases by
   * name; to replay tokens of your own, it must be told the file of the change.
   */
  readonly on: (kernel: string | Kernel, geometry?: Geometry) => Scenario<World>;
  /** What user space does for each thread, for `mmrace reproduce`; or why it cannot. `undefined`: nobody has said. */
  readonly userspace: Userspace | NotExpressible | undefined;
}

/** What sets one family apart. `W` is its world: a `World` with the actors in it. */
export interface Situation<W extends World> {
  readonly name: string;
  readonly about: string;
  readonly kernelDefault: string;
  readonly setup: (kernel: KernelOps, geometry: Geometry) => W;
  /** On CPUs of their own, in this order, unless they say otherwise. */
  readonly threads: Readonly<Record<string, ThreadBody<W> | ThreadSpec<W>>>;
  /** Internal actors besides RCU. */
  readonly daemons?: Readonly<Record<string, ThreadBody<W> | ThreadSpec<W>>>;
  /** What user space does for each thread, or why it cannot. */
  readonly userspace?: Userspace | NotExpressible;
  /** `sometimes` properties: that the threads meet where the situation says. */
  readonly reaches: (kernel: Kernel) => readonly Property<World>[];
}

/** Makes a family: adds all oracles, and the RCU actor that frees tables after their grace period. */
export function defineFamily<W extends World>(situation: Situation<W>): ScenarioFamily {
  const { name, about, kernelDefault, userspace } = situation;
  const on = (release: string | Kernel, geometry: Geometry = SMALL): Scenario<World> => {
    checkGeometry(geometry);
    const kernel = typeof release === "string" ? kernelById(release) : release;
    // Whoever explores a family needs no more of its world than a `World`, and never makes one.
    return defineScenario<W>({
      name,
      variant: kernel.id,
      parameters: { ...geometry },
      ...(kernel.changed === undefined ? {} : { identity: kernel.changed.join(" ") }),
      setup: () => situation.setup(kernel.ops, geometry),
      threads: situation.threads,
      daemons: { rcu: (w) => rcuCallbacks(w.rcu), ...situation.daemons },
      properties: [...allOracles, ...situation.reaches(kernel)],
    }) as unknown as Scenario<World>;
  };
  return { name, about, kernelDefault, on, userspace };
}

function checkGeometry({ ptesPerTable, pmdsPerMm }: Geometry): void {
  const isInRange = (count: number, least: number): boolean =>
    Number.isInteger(count) && count >= least && count <= 512;
  if (!isInRange(ptesPerTable, 3))
    throw new UsageError(`ptesPerTable must be 3 to 512, not ${ptesPerTable}.`);
  if (!isInRange(pmdsPerMm, 2)) throw new UsageError(`pmdsPerMm must be 2 to 512, not ${pmdsPerMm}.`);
}

/** The geometry that a token's parameters name. @throws {UsageError} when one is missing or out of range. */
export function geometryOf(parameters: Parameters): Geometry {
  const { ptesPerTable, pmdsPerMm } = parameters;
  if (typeof ptesPerTable !== "number" || typeof pmdsPerMm !== "number") {
    throw new UsageError(
      `The parameters ${JSON.stringify(parameters)} name no geometry: ptesPerTable and pmdsPerMm are needed.`,
    );
  }
  return { ptesPerTable, pmdsPerMm };
}
