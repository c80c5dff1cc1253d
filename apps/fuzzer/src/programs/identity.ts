/** What names a scenario where it cannot be handed over itself, as to a worker. */

import type { ScenarioIdentity, World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";

/** By which `scenarioOf` finds it again. */
export function identityOf({ name, variant, parameters }: Scenario<World>): ScenarioIdentity {
  return { scenario: name, variant: variant ?? "", parameters: parameters ?? {} };
}
