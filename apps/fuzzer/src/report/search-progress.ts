/** The progress line of an exhaustive search. */

import { estimateTotal, shareLeft, type PositionedSearch, type SplitProgress } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { Progress } from "./progress.ts";
import { counted } from "./violation-text.ts";

/** How fast a search is: what it has counted since it began here, and for how long. */
export interface Pace {
  readonly executions: number;
  readonly pruned: number;
  readonly elapsedMs: number;
}

/** `12,345 executions (98,765 more pruned), 4,321/s; about 12.3 % done, 2 min left`. */
export function searchProgressText(
  { counts, levelCounts, level, shareLeft: left }: SplitProgress,
  levels: number,
  pace: Pace,
): string {
  const where = levels === 1 ? "" : ` of level ${level} (last: ${levels - 1})`;
  const runs = levelCounts.executions + levelCounts.pruned;
  return `${paceText(counts, pace)}; ${doneText(runs, left, pace, where)}`;
}

function doneText(runs: number, left: number, pace: Pace, where: string): string {
  const perMs = (pace.executions + pace.pruned) / Math.max(pace.elapsedMs, 1);
  const total = estimateTotal(runs, left);
  const done = `about ${((1 - left) * 100).toFixed(1)} %${where} done`;
  return total === undefined || perMs === 0 ? done : `${done}, ${durationText((total - runs) / perMs)} left`;
}

/** Progress of a search in one piece: what to call after each execution, and at the end. */
export interface Watched {
  readonly onExecution: (executions: number) => true;
  readonly end: () => void;
}

/** @param search if it can say where it stands, the line says how much of it is done. */
export function watched(search?: PositionedSearch): Watched {
  const startMs = nowMs();
  const progress = new Progress();
  return {
    onExecution: (executions) => {
      progress.show(() => {
        const pace = { executions, pruned: 0, elapsedMs: nowMs() - startMs };
        const done =
          search === undefined ? "" : `; ${doneText(executions, shareLeft(search.position), pace, "")}`;
        return `${paceText(pace, pace)}${done}`;
      });
      return true;
    },
    end: () => progress.end(),
  };
}

/** The first half of it: what is known of any search. */
function paceText(
  { executions, pruned }: { readonly executions: number; readonly pruned: number },
  pace: Pace,
): string {
  const perSecond = Math.round((pace.executions / Math.max(pace.elapsedMs, 1)) * 1000);
  const more = pruned === 0 ? "" : ` (${pruned.toLocaleString("en")} more pruned)`;
  return `${counted(executions, "execution")}${more}, ${perSecond.toLocaleString("en")}/s`;
}

/** A duration, roughly: `35 s`, `12 min`, `3.5 h`, `40 days`. */
function durationText(ms: number): string {
  const s = ms / 1000;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${(s / 3600).toFixed(1)} h`;
  const days = s / 86_400;
  return days < 1000 ? `${Math.round(days)} days` : "years";
}
