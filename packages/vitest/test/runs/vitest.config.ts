/** The runs that the end-to-end test starts: from sources, with vitest's own reporter, in no project. */

import { defineConfig } from "vitest/config";

const conditions = ["@mmrace/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["*.run.ts"], root: import.meta.dirname },
});
