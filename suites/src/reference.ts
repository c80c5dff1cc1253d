/**
 * What independent samplers needed for the same shapes: 20,000 to 200,000 executions for each cell, after 50 executions
 * that told them step counts. So a figure is good to about its last digit, or to the standard error of 20,000 draws.
 */

const columns = ["random", "PCT 2", "PCT 3", "PCT 10", "POS", "uniform walk", "SURW"];

/** Mean executions to the bug; `Infinity` for more than 20,000. */
const rows: Readonly<Record<string, readonly number[]>> = {
  reorder_3: [20.2, 24.3, 15.0, 9.2, 10.0, 7.1, 5.1],
  reorder_4: [26.7, 39.2, 23.8, 13.4, 12.8, 7.5, 5.9],
  reorder_5: [33.5, 59.1, 34.5, 18.4, 15.8, 8.5, 6.8],
  reorder_10: [75.7, 228, 119, 42.5, 31.7, 14.8, 11.7],
  reorder_20: [187, 1333, 408, 126, 73.5, 32.6, 22.9],
  "reorder_3 + spawn": [41.2, 42.0, 24.7, 13.8, 15.8, 10.4, 12.8],
  "reorder_4 + spawn": [103, 89.2, 54.0, 28.5, 25.8, 20.6, 20.9],
  "reorder_5 + spawn": [314, 159, 97.8, 65.2, 46.0, 105, 39.0],
  "reorder_10 + spawn": [Infinity, 1176, 645, 1111, 1250, 6667, 606],
  "twostage(1)": [65.2, 9.3, 6.3, 5.8, 12.0, 44.6, 9.3],
  "twostage(19)": [270, 909, 435, 121, 87, 294, 64],
  "twostage(19) + spawn": [Infinity, 1000, 952, 357, 1111, Infinity, 741],
  wronglock_3: [2.7, 12.0, 7.6, 4.1, 2.7, 3.5, 4.1],
  wronglock: [2.5, 19.5, 12.2, 5.3, 2.4, 3.4, 4.0],
  account: [3, 3, 3, 3, 3, 2.5, 3],
  lazy01: [3, 3, 3, 3, 3, 2.5, 3],
  deadlock01: [2.0, 12.0, 6.3, 1.8, 3.0, 1.8, 3.0],
  carter01: [2.0, 4.0, 2.3, 1.1, 2.0, 1.5, 2.0],
  token_ring: [6, 6, 6, 6, 6, 10.6, 6],
  bluetooth: [25.8, 19.9, 13.5, 8.6, 14.9, 63.0, 16.2],
  "dining_naive(3)": [3.0, 24.1, 11.5, 2.4, 5.0, 2.4, 5.0],
  "dining_naive(5)": [6.3, 490, 154, 10.8, 14.5, 4.4, 14.6],
  "dining_naive(8)": [19.4, 1e5, 4e4, 195, 70.4, 10.3, 73.9],
  "stack(10)": [1.6, 4.4, 3.1, 1.7, 1.6, 1.4, 1.8],
  "circular_buffer(7)": [1.07, 10.2, 5.0, 1.6, 1.07, 1.05, 1.7],
};

/** The mean of one program and one hunter; `undefined` where there is none, `Infinity` where it was above 20,000. */
export function referenceOf(program: string, hunter: string): number | undefined {
  const column = columns.indexOf(hunter);
  return column < 0 ? undefined : rows[program]?.[column];
}
