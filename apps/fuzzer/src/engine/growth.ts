/** How a campaign grew: points that lie the further apart, the more executions there are, so that a file stays small. */

import { array, number, object, record, string, type GenericSchema } from "valibot";
import type { GrowthPoint } from "../report/report-data.ts";

/** From one point to the next, in executions, as a share of what there is. */
const STEP = 0.06;

/** The number of executions at which the next point is due: 1, 2, ... 17, 19, 21 ... A million are 200 points. */
export function nextPointAfter(executions: number): number {
  return executions + Math.max(1, Math.ceil(executions * STEP));
}

/** The form of points in a file. */
export const growthSchema: GenericSchema<GrowthPoint[]> = array(
  object({
    executions: number(),
    seconds: number(),
    features: record(string(), number()),
    corpus: number(),
    findings: number(),
  }),
);

/** Points in the order of executions. */
export class Growth {
  readonly points: GrowthPoint[];

  constructor(points: readonly GrowthPoint[] = []) {
    this.points = [...points];
  }

  /** Executions that the next point needs. */
  get next(): number {
    return nextPointAfter(this.points.at(-1)?.executions ?? 0);
  }

  /** Takes in where the campaign stands, if that is far enough from the last point. */
  note(executions: number, point: () => Omit<GrowthPoint, "executions">): void {
    if (executions >= this.next) this.points.push({ executions, ...point() });
  }

  /** Takes in where it ended. */
  end(executions: number, point: () => Omit<GrowthPoint, "executions">): void {
    if (executions > (this.points.at(-1)?.executions ?? 0)) this.points.push({ executions, ...point() });
  }
}
