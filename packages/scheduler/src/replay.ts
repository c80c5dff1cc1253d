/** Replaying tokens: the same violation, or where and why the replay left the recorded path. */

import { hashToHex } from "./hash.ts";
import { Engine } from "./engine.ts";
import { blocksOf, findingOf, type Block } from "./finding.ts";
import { modelFingerprint } from "./fingerprint.ts";
import type { Violation } from "./outcome.ts";
import type { Scenario } from "./scenario.ts";
import { replaySchedule } from "./schedule.ts";
import type { Strategy } from "./strategy.ts";
import { decodeToken, type TokenContent } from "./token.ts";

/** How a replay ended. */
export type Replay =
  | { readonly kind: "reproduced"; readonly violation: Violation; readonly steps: number }
  | { readonly kind: "clean"; readonly steps: number }
  | {
      readonly kind: "diverged";
      /** First step, from 0, of the block that differs; `undefined` when the whole schedule went the recorded way. */
      readonly step: number | undefined;
      readonly expected: string;
      readonly found: string;
      readonly message: string;
    };

/** The schedule of a token as a strategy. */
export function replay(token: string): Strategy {
  return replaySchedule(decodeToken(token).schedule);
}

/**
 * Replays a token on the scenario it names.
 *
 * @param scenario the scenario with the token's name, variant and parameters; the caller looks it up.
 */
export function replayToken<W>(scenario: Scenario<W>, content: TokenContent): Replay {
  const engine = new Engine(scenario, content);
  const strategy = replaySchedule(content.schedule);
  strategy.beginExecution();
  const ending = engine.run(strategy);
  const fingerprint = modelFingerprint(scenario);
  const blocks = blocksOf(engine.choices, engine.sites);
  const at = blocks.findIndex(({ check }, i) => check !== content.checks[i]);
  const isWhole = at < 0 && blocks.length === content.checks.length;
  if (fingerprint !== content.fingerprint || !isWhole) {
    return divergence(
      content,
      fingerprint,
      engine,
      at < 0 ? blocks[content.checks.length] : blocks[at],
      isWhole,
    );
  }
  if (!("oracle" in ending)) return { kind: "clean", steps: engine.sites.length };
  const violation = findingOf(engine, ending, fingerprint);
  return { kind: "reproduced", violation, steps: engine.sites.length };
}

function divergence<W>(
  content: TokenContent,
  fingerprint: number,
  engine: Engine<W>,
  block: Block | undefined,
  isWhole: boolean,
): Replay {
  const causes =
    "Usual causes: the token comes from another version of the model, another kernel release or parameter was meant, " +
    "or the model is not deterministic.";
  const models = `The token was made on model ${hashToHex(content.fingerprint)}; this is model ${hashToHex(fingerprint)}.`;
  const lead = content.fingerprint === fingerprint ? "" : `${models} `;
  if (isWhole) {
    const message = `replay diverged: ${lead}This schedule still goes the recorded way. ${causes}`;
    return {
      kind: "diverged",
      step: undefined,
      expected: hashToHex(content.fingerprint),
      found: hashToHex(fingerprint),
      message,
    };
  }
  const index =
    block === undefined
      ? -1
      : blocksOf(engine.choices, engine.sites).findIndex(({ start }) => start === block.start);
  const check = index < 0 ? undefined : content.checks[index];
  const expected =
    check === undefined
      ? "the end of the execution"
      : `a block with check ${check.toString(16).padStart(4, "0")}`;
  const found = block === undefined ? "the end of the execution" : describeBlock(block, engine);
  const step = block?.start ?? engine.sites.length;
  const message = `replay diverged: ${lead}At step ${step}, expected ${expected}, found ${found}. ${causes}`;
  return { kind: "diverged", step, expected, found, message };
}

function describeBlock<W>(block: Block, engine: Engine<W>): string {
  const name = engine.threads[block.thread]!.name;
  const first = engine.sites[block.start]?.address ?? "nothing";
  return `${name} running ${block.length} steps from ${first} (check ${block.check.toString(16).padStart(4, "0")})`;
}
