// Bundles what runs inside jsfuzz, and the program of the report
// page. Beside them, what the program needs at run time and no compiler makes: the preload for jsfuzz, the files of real
// kernels to compare with, and the style of the page.

import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineConfig } from "rolldown";

/** What runs inside jsfuzz: one CommonJS file, with the workspace packages inside. */
const insideJsfuzz = (name) => ({
  input: `fuzz/${name}.ts`,
  platform: "node",
  logLevel: "warn",
  resolve: { conditionNames: ["@mmrace/source", "import", "node", "default"] },
  output: {
    file: `dist-fuzz/${name}.cjs`,
    format: "cjs",
    // Instrumenting the model would feed jsfuzz with code coverage, which is noise here.
    banner: "/* istanbul ignore file */",
  },
});

const fuzzTarget = {
  ...insideJsfuzz("target"),
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
};

const uplot = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));

const reportPage = {
  input: "page/main.ts",
  platform: "browser",
  logLevel: "warn",
  output: {
    file: "dist-page/page.js",
    format: "iife",
    minify: true,
    // The licence of what is inside asks for its notice; after minifying, or it would go.
    postBanner: `/* with uPlot\n${readFileSync(join(uplot, "LICENSE"), "utf8").trim()} */`,
  },
  plugins: [
    {
      name: "style",
      writeBundle: () => {
        const styles = [join(uplot, "dist", "uPlot.min.css"), "page/style.css"];
        writeFileSync(
          "dist-page/page.css",
          styles.map((file) => readFileSync(file, "utf8").trim()).join("\n"),
        );
      },
    },
  ],
};

// The guard is in the target, and also alone, for other targets than ours.
export default defineConfig([fuzzTarget, insideJsfuzz("guard"), reportPage]);
