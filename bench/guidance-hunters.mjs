// What is sent after bugs in guidance.mjs: the campaign, the samplers alone, and the corpus of jsfuzz on the same coverage.

import { createRequire } from "node:module";
import { Fuzzer, InterleavingObserver, Novelty } from "mmrace";
import { Engine, pct, pos, Prng, random, replaySchedule, surw } from "@mmrace/scheduler";

const { Corpus } = createRequire(import.meta.url)("jsfuzz/build/src/corpus.js");

function sampled(make) {
  return ({ scenario, ablations }, randomSeed, executionsMax) => {
    const engine = new Engine(scenario, { ablations });
    const strategy = make({ randomSeed, executionsMax });
    for (let execution = 1; strategy.beginExecution(); execution++)
      if ("oracle" in engine.run(strategy)) return execution;
    return undefined;
  };
}

function guided({ scenario, ablations }, randomSeed, executionsMax) {
  const options = { randomSeed, strategy: "coverage", ablations, memory: "sc" };
  const fuzzer = new Fuzzer(scenario, { ...options, stopOnFirst: true, minimizes: false });
  fuzzer.run(executionsMax);
  return fuzzer.isDone ? fuzzer.executions : undefined;
}

/** The inputs of the jsfuzz command come from this class, seed for seed; here without its process and its instrumentation. */
function jsfuzz({ scenario, ablations }, randomSeed, executionsMax) {
  const observer = new InterleavingObserver();
  const novelty = new Novelty();
  const engine = new Engine(scenario, { ablations }, [observer]);
  const corpus = new Corpus([], false);
  const prng = new Prng(randomSeed);
  const unseeded = Math.random;
  Math.random = () => prng.below(1 << 30) / (1 << 30);
  try {
    for (let execution = 1; execution <= executionsMax; execution++) {
      const bytes = corpus.generateInput();
      const strategy = replaySchedule(new Uint8Array(bytes));
      strategy.beginExecution();
      if ("oracle" in engine.run(strategy)) return execution;
      if (novelty.newIn(observer).length > 0) corpus.putBuffer(bytes);
    }
    return undefined;
  } finally {
    Math.random = unseeded;
  }
}

/** In the order of the columns; the first is what the others are compared with. */
export const hunters = [
  { name: "coverage", hunt: guided },
  { name: "random", hunt: sampled(random) },
  { name: "PCT 2", hunt: sampled((options) => pct({ ...options, depth: 2 })) },
  { name: "PCT 3", hunt: sampled((options) => pct({ ...options, depth: 3 })) },
  { name: "POS", hunt: sampled(pos) },
  { name: "SURW", hunt: sampled(surw) },
  { name: "jsfuzz", hunt: jsfuzz },
];
