/** Importing this file registers the matchers with vitest's `expect`. */

import { expect } from "vitest";
import { matchers } from "./matchers.ts";

export type { FoundByOptions, HoldOptions, StrategyChoice } from "./matchers.ts";

expect.extend(matchers);
