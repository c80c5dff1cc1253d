// Published numbers that executions-to-bug.mjs shows beside ours. Never compare them with ours cell by cell: see the notes
// in docs/reference/executions-to-bug.md.

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
    WorkStealQueue: "10 | 10 | 12 | never | 57 | 6 | 48 | 16 | 12 | -",
    InterlockedWorkStealQueue: "1 | 1 | 24 (14/20) | never | 57 | 6 | 48 | 13 | 14 | never",
    StateWorkStealQueue: "1 | 1 | 12 (1/20) | never | 163 | 7 | 842 | 199 | 6 | -",
    InterlockedWorkStealQueueWithState: "7 | 9 | 16 (1/20) | 16 | 151 | 6 | 907 | 204 | 5 | 26",
    SafeStack: "never | never | never | never | never | 368,921 (19/20) | never | never | never | never",
  },
};
