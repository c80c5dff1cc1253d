/** What threads are called. */

import type { ThreadData } from "../src/report/report-data.ts";

/** `CPU0 mremap`; a store buffer has its CPU in its name already. */
export function threadName({ name, cpu }: ThreadData): string {
  return name.includes(`CPU${cpu}`) ? name : `CPU${cpu} ${name}`;
}
