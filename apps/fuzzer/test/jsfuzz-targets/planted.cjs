/* istanbul ignore file */
// A target that fails in the way that PLANTED names, with our guard around it.
const { guard } = require("../../dist-fuzz/guard.cjs");
const { losses } = require("./losses.cjs");

let executions = 0;
const target = losses[process.env.PLANTED];
const counted = (bytes) => {
  executions++;
  return target(bytes);
};
exports.fuzz = guard(counted, () => ({ executions, steps: 0, kept: [], unreached: [], unmatched: [] }));
