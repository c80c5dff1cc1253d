/* istanbul ignore file */
// The same targets as in planted.cjs, without our guard: what jsfuzz itself makes of them.
exports.fuzz = require("./losses.cjs").losses[process.env.PLANTED];
