/** Programs as scenarios: every schedule of their threads, under all oracles, on any release. */

import { rcuCallbacks } from "@mmrace/locks";
import {
  defineScenario,
  UsageError,
  type Scenario,
  type ThreadBody,
  type TokenContent,
} from "@mmrace/scheduler";
import { kernelById, type Kernel } from "../kernels/kernels.ts";
import { allOracles } from "../oracles/oracles.ts";
import type { World } from "../state/world.ts";
import { answerForever } from "./activities.ts";
import { callsOf } from "./areas.ts";
import { checkProgram } from "./check.ts";
import { runThread } from "./execute.ts";
import { buildWorld, type ProgramWorld } from "./layout.ts";
import { packProgram, unpackProgram } from "./pack.ts";
import { programName, type Program } from "./program.ts";

/**
 * The scenario of a program on one release. Its parameters carry the program, so that its tokens replay without a file.
 *
 * @throws {ProgramError} when the model cannot run it.
 */
export function programScenario(program: Program, release: string | Kernel): Scenario<World> {
  checkProgram(program);
  const kernel = typeof release === "string" ? kernelById(release) : release;
  const waiting = waitingProcesses(program);
  const threads = program.threads.map((thread): [string, ThreadBody<ProgramWorld>] => [
    thread.name,
    (w) => runThread(w, thread, waiting.length > 0),
  ]);
  const monitors = waiting.map((owner): [string, ThreadBody<ProgramWorld>] => [
    `monitor:${owner + 1}`,
    (w) => answerForever(w, w.processes[owner]!.mm, threads.length),
  ]);
  // Whoever explores a program needs no more of its world than a `World`, and never makes one.
  return defineScenario<ProgramWorld>({
    name: programName(program),
    variant: kernel.id,
    parameters: { ...program.geometry, program: packProgram(program) },
    setup: () => buildWorld(program, kernel.ops),
    threads: Object.fromEntries(threads),
    daemons: { rcu: (w) => rcuCallbacks(w.rcu), ...Object.fromEntries(monitors) },
    properties: allOracles,
  }) as unknown as Scenario<World>;
}

/** The processes whose threads may come to wait for userfaultfd: the kernel fills nothing that is not loaded or stored. */
function waitingProcesses(program: Program): number[] {
  return [...program.processes.keys()].filter((owner) => {
    const names = callsOf(program, owner).map(({ name }) => name);
    return names.includes("ioctl$UFFDIO_REGISTER") && (names.includes("load") || names.includes("store"));
  });
}

/** The program that a token, or the parameters of a scenario, carry. @throws {UsageError} when there is none. */
export function programOf({ parameters }: Pick<TokenContent, "parameters">): Program {
  const { program } = parameters;
  if (typeof program === "string") return unpackProgram(program);
  throw new UsageError("This is no token of a program: it carries none.");
}

/** Whether a scenario's name is that of a program. */
export function isProgramName(name: string): boolean {
  return /^program-[\da-f]{8}$/.test(name);
}
