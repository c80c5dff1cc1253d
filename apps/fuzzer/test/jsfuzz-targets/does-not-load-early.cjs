// A target that does not load, before our guard is there.
require("./no-such-module.cjs");
require("../../dist-fuzz/guard.cjs");
