// Bundles the fuzz target for jsfuzz: one CommonJS file with the workspace packages inside. Beside it, what the program
// needs at run time and no compiler makes: the preload for jsfuzz, and the files of real kernels to compare with.

import { copyFileSync, cpSync } from "node:fs";
import { defineConfig } from "rolldown";

export default defineConfig({
  input: "fuzz/target.ts",
  platform: "node",
  logLevel: "warn",
  resolve: { conditionNames: ["@mmrace/source", "import", "node", "default"] },
  output: {
    file: "dist-fuzz/target.cjs",
    format: "cjs",
    // Instrumenting the model would feed jsfuzz with code coverage, which is noise here.
    banner: "/* istanbul ignore file */",
  },
  plugins: [
    {
      name: "copy-files",
      writeBundle: () => {
        copyFileSync("fuzz/seeded-random.cjs", "dist-fuzz/seeded-random.cjs");
        cpSync("../../packages/x86-paging/test/fixtures", "dist-oracle", { recursive: true });
        cpSync("../../packages/mm/test/fixtures/traces", "dist-oracle/traces", { recursive: true });
      },
    },
  ],
});
