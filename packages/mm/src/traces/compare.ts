/** Runs traced operations in the model and compares, line by line. */

import { Engine, exhaustive, type Scenario } from "@mmrace/scheduler";
import type { World } from "../state/world.ts";
import type { TracedOperation } from "./format.ts";
import { linesOfKernel } from "./lines.ts";
import { tracedOperations, type Amendment, type ModelledOperation } from "./operations.ts";
import { TraceLines } from "./recorder.ts";

/** How one traced operation compares. */
export interface TraceVerdict {
  readonly op: string;
  readonly kernel: string;
  readonly verdict: "equal" | "different" | "skipped";
  /** Why it was skipped. */
  readonly reason?: string;
  /** Lock events and writes compared. */
  readonly lines: number;
  /** What only the kernel does (`-`) and what only the model does (`+`), with a little of what surrounds it. */
  readonly differences: readonly string[];
}

/** Compares every operation of a trace, in its order. */
export function compareTraces(operations: readonly TracedOperation[]): readonly TraceVerdict[] {
  return operations.map((operation) => compareOperation(operation));
}

function compareOperation({ op, kernel, events }: TracedOperation): TraceVerdict {
  const modelled = tracedOperations.get(op);
  const skipped = (reason: string): TraceVerdict => ({
    op,
    kernel,
    verdict: "skipped",
    reason,
    lines: 0,
    differences: [],
  });
  if (modelled === undefined) return skipped("the model does not know an operation of this name");
  if ("reason" in modelled) return skipped(modelled.reason);
  const reason = modelled.notOn?.[kernel];
  if (reason !== undefined) return skipped(reason);
  const real = amend(linesOfKernel(events), modelled.amended?.[kernel] ?? []);
  const model = runModel(modelled, kernel);
  const differences = differenceOf(real, model);
  return {
    op,
    kernel,
    verdict: differences.length === 0 ? "equal" : "different",
    lines: real.length,
    differences,
  };
}

/** Lines to amend that are not there are a difference: the amendment is out of date. */
function amend(real: readonly string[], amendments: readonly Amendment[]): readonly string[] {
  let amended = real;
  for (const { lines, as = [], reason } of amendments) {
    const at = amended.findIndex((_, start) =>
      lines.every((line, offset) => amended[start + offset] === line),
    );
    amended =
      at < 0 ? [...amended, `nothing to amend: ${reason}`] : amended.toSpliced(at, lines.length, ...as);
  }
  return amended;
}

/** One thread, so there is one schedule. */
function runModel(modelled: ModelledOperation, kernel: string): readonly string[] {
  const scenario: Scenario<World> = modelled.scenario(kernel);
  const recorder = new TraceLines("op", modelled.hasNotifier === true);
  const engine = new Engine(scenario, {}, [recorder]);
  const strategy = exhaustive();
  strategy.beginExecution();
  const ending = engine.run(strategy);
  if (ending.kind !== "finished")
    recorder.lines.push(`the model ends with: ${"message" in ending ? ending.message : ending.kind}`);
  return recorder.lines;
}

/** The shortest edit script, as lines with a mark; empty when equal. */
export function differenceOf(real: readonly string[], model: readonly string[]): readonly string[] {
  const common = longestCommon(real, model);
  const script: string[] = [];
  let isOpen = false;
  let atReal = 0;
  let atModel = 0;
  for (const [nextReal, nextModel] of [...common, [real.length, model.length] as const]) {
    const isDifferent = atReal < nextReal || atModel < nextModel;
    if (isDifferent && !isOpen && atReal > 0) script.push(`  ${real[atReal - 1]}`);
    while (atReal < nextReal) script.push(`- ${real[atReal++]}`);
    while (atModel < nextModel) script.push(`+ ${model[atModel++]}`);
    if (isDifferent && nextReal < real.length) script.push(`  ${real[nextReal]}`);
    isOpen = isDifferent;
    atReal = nextReal + 1;
    atModel = nextModel + 1;
  }
  return script;
}

/** Pairs of positions of a longest common subsequence. */
function longestCommon(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  }
  return pairs;
}
