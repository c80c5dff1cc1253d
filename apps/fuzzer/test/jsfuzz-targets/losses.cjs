/* istanbul ignore file */
// Ways to fail that jsfuzz 1.0.15 loses: exit code 0, no crash file. Each at the third execution.

let executions = 0;
const third = (fail) => () => {
  executions++;
  return executions === 3 ? fail() : undefined;
};

exports.losses = {
  "rejected promise": third(() => Promise.reject(new Error("planted"))),
  "process.exit": third(() => process.exit(0)),
  "error in a timer": third(() => {
    setTimeout(() => {
      throw new Error("planted");
    }, 0);
  }),
  "unhandled rejection": third(() => {
    void Promise.reject(new Error("planted"));
  }),
  "error while nothing is instrumented": third(() => {
    throw new Error("planted");
  }),
  killed: third(() => process.kill(process.pid, "SIGKILL")),
};
