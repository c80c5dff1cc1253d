// Published and independent numbers that executions-to-bug.mjs shows beside ours. Never compare them with ours cell by
// cell: see the notes in docs/reference/executions-to-bug.md.

const REFERENCE_COLUMNS = ["random", "PCT 2", "PCT 3", "PCT 10", "POS", "uniform walk", "SURW"];

/** Mean executions to the bug by independent samplers on the same shapes, 20,000 to 200,000 executions each. */
const REFERENCE_ROWS = {
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

/** The reference of one cell; `undefined` where there is none, `Infinity` where it needed more than 20,000. */
export function referenceOf(program, hunter) {
  const column = REFERENCE_COLUMNS.indexOf(hunter);
  return column < 0 ? undefined : REFERENCE_ROWS[program]?.[column];
}

/** Mean over 20 trials as published, by our name of the shape; `-`: not in that table; `never`: in no trial. */
export const PUBLISHED = {
  columns: [
    "RFF",
    "RFF's POS",
    "RFF's PCT 3",
    "RFF's Q-learning",
    "RFF's PERIOD",
    "SURW",
    "SURW's PCT 3",
    "SURW's PCT 10",
    "SURW's POS",
    "SURW's random",
  ],
  rows: {
    reorder_3: "7 | 223 | 241 | 45,843 (18/20) | 6 | 7 | 185 | 148 | 86 | never",
    reorder_4: "6 | 1,464 | 395 | never | 9 | 7 | 554 | 362 | 533 | never",
    reorder_5: "6 | 4,377 (17/20) | 1,126 | never | 12 | 10 | 647 | 1,094 | 2,169 | never",
    reorder_10: "6 | never | 2,356 | never | 27 | 17 | 3,225 (16/20) | 4,462 (12/20) | never | never",
    reorder_20: "6 | never | 2,128 | never | 39 | 6 | 3,005 | 3,297 (17/20) | never | never",
    twostage: "8 | 15 | 9 | 336 | 4 | 8 | 13 | 9 | 15 | 464",
    twostage_20: "22 | 185 | 188 | never | 76 | 6 | 159 | 101 | 156 | never",
    wronglock_3: "1 | 1 | 40 | 37 | 3-6 | 9 | 58 | 14 | 11 | 36",
    wronglock: "1 | 1 | 88 | 37 | 3-6 | 7 | 51 | 20 | 10 | 36",
    account: "1 | 1 | 9 | 6 | 10-11 | 6 | 4 | 4 | 4 | 18",
    lazy01: "6 | 5 | 10 | 12 | 3-8 | 2 | 5 | 5 | 5 | 21",
    deadlock01: "5 | 4 | 20 | 1 | 3 | 2 | 13 | 7 | 4 | 3",
    carter01: "2 | 2 | 5 | 1 | 1-5 | - | - | - | - | -",
    token_ring: "5 | 7 | 8 | 12 | 2 | 8 | 8 | 8 | 9 | 13",
    bluetooth: "45 | 72 | 161 | 155 | 9 | 70 | 112 | 83 | 36 | 215",
    stack: "2 | 2 | 2 | 1 | 8 | 5 | 3 | 3 | 2 | 176",
    circular_buffer: "2 | 2 | 5 | 2 | 3-4 | - | - | - | - | -",
  },
};
