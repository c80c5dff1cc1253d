/** One test run for the whole repository, from sources: nothing has to be built first. */

import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const conditions = ["@mmrace/source", "module", "node", "development|production"];

// Written out one by one because string globs do not inherit the options below.
const roots = ["packages", "apps", "tools"].flatMap((folder) =>
  readdirSync(folder).map((name) => ({ name, root: `${folder}/${name}` })),
);
const projects = [...roots, { name: "suites", root: "suites" }]
  .filter(({ root }) => existsSync(`${root}/test`))
  .map(({ name, root }) => ({
    extends: true as const,
    test: {
      name,
      root,
      include: ["test/**/*.test.ts"],
      // Loading TypeScript takes a second, and rules keep nothing between tests.
      isolate: name !== "tidy",
    },
  }));

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
