// A target that does not load.
require("../../dist-fuzz/guard.cjs");
require("./no-such-module.cjs");
