/** One test run for the whole repository, from sources: nothing has to be built first. */

import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const conditions = ["@mmrace/source", "module", "node", "development|production"];

// Written out one by one because string globs do not inherit the options below.
const projects = ["packages", "apps", "tools"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => existsSync(`${folder}/${name}/test`))
    .map((name) => ({
      extends: true as const,
      test: {
        name,
        root: `${folder}/${name}`,
        include: ["test/**/*.test.ts"],
        // Loading TypeScript takes a second, and rules keep nothing between tests.
        isolate: name !== "tidy",
      },
    })),
);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects,
    testTimeout: 60_000,
    reporters: ["default", "./scripts/tally-reporter.mjs"],
    coverage: { provider: "v8", include: ["packages/*/src/**", "apps/*/src/**"] },
  },
});
