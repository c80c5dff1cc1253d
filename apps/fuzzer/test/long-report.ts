/** A report of one execution with very many steps: a real one, over and over, with words that are hard to show. */

import type { FindingData, RecordingData, ReportData } from "../src/report/report-data.ts";

/** @param report with at least one finding that has steps. */
export function longReport(report: ReportData, steps: number): ReportData {
  const finding = report.findings.find(({ recording }) => recording.steps.length > 0)!;
  const long: FindingData = {
    ...finding,
    message: "an entry of </script><b>not bold</b> & others",
    columns: "",
    recording: stretched(finding.recording, steps),
  };
  return { ...report, findings: [long] };
}

function stretched(one: RecordingData, total: number): RecordingData {
  const { length } = one.steps;
  const copies = Array.from({ length: Math.ceil(total / length) }, (_, copy) => copy * length);
  const within = <T>(parts: readonly T[], stepOf: (part: T) => number): T[] =>
    parts.filter((part) => stepOf(part) < total);
  return {
    ...one,
    steps: copies.flatMap(() => one.steps).slice(0, total),
    rows: within(
      copies.flatMap((start) => one.rows.map((row) => ({ ...row, step: row.step + start }))),
      ({ step }) => step,
    ),
    holds: within(
      copies.flatMap((start) =>
        one.holds.map((hold) => ({ ...hold, from: hold.from + start, to: Math.min(hold.to + start, total) })),
      ),
      ({ from }) => from,
    ),
    tables: one.tables.map((table) => ({
      ...table,
      cells: table.cells.map((cell) => ({
        ...cell,
        values: within(
          copies.flatMap((start) =>
            cell.values.map((value) => ({
              ...value,
              step: start === 0 ? value.step : Math.max(value.step, 0) + start,
            })),
          ),
          ({ step }) => step,
        ),
      })),
    })),
  };
}
