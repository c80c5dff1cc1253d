/**
 * What is known of the litmus tests in `suites/litmus`: verdicts, final states, reachable states. The verdicts agree with
 * the herdtools7 x86-64 catalogue and the x86-TSO papers; an independent exhaustive checker counted the states.
 */

/** One test. No asked outcome is reachable under sequential consistency. */
export interface LitmusExpectation {
  /** The file is `suites/litmus/<name>.litmus`. */
  readonly name: string;
  /** Whether the asked outcome is reachable under x86-TSO. */
  readonly isAllowedUnderTso: boolean;
  /** Distinct final states, all of memory and all registers, under sc and under tso. */
  readonly outcomes: { readonly sc: number; readonly tso: number };
  /** Reachable states of the machine: memory, store buffers, program counters, registers. */
  readonly states: { readonly sc: number; readonly tso: number };
}

/** `name, allowed under tso, outcomes sc and tso, states sc and tso`. */
const rows: readonly (readonly [string, boolean, number, number, number, number])[] = [
  ["SB", true, 3, 4, 13, 34],
  ["SB+mfences", false, 3, 3, 22, 31],
  ["SB+xchgs", false, 3, 3, 13, 13],
  ["SB+rfi-pos", true, 3, 4, 22, 62],
  ["MP", false, 3, 3, 13, 23],
  ["MP+po+po-rfi-po", false, 3, 3, 21, 61],
  ["LB", false, 3, 3, 13, 22],
  ["S", false, 3, 3, 13, 30],
  ["R", true, 3, 4, 13, 39],
  ["R+po+mfence", false, 3, 3, 17, 36],
  ["R+mfence+po", true, 3, 4, 17, 41],
  ["2+2W", false, 3, 3, 13, 42],
  ["WRC", false, 7, 7, 36, 61],
  ["WRW+WR", true, 7, 8, 36, 99],
  ["WRW+WR+po+mfence", false, 7, 7, 47, 95],
  ["IRIW", false, 15, 15, 97, 164],
  ["RWC", true, 7, 8, 36, 75],
  ["RWC+po+mfence", false, 7, 7, 47, 73],
  ["ISA2", false, 7, 7, 51, 113],
  ["W+RWC", true, 7, 8, 51, 140],
  ["W+RWC+po+po+mfence", false, 7, 7, 66, 135],
  ["3.SB", true, 7, 8, 51, 198],
  ["3.LB", false, 7, 7, 51, 109],
  ["CoRR", false, 6, 6, 19, 31],
  ["iwp2.1-amd1", false, 3, 3, 13, 23],
  ["iwp2.2-amd2", false, 3, 3, 13, 22],
  ["iwp2.3.a-amd4", true, 3, 4, 13, 34],
  ["iwp2.3.b", false, 1, 1, 9, 25],
  ["iwp2.4-amd9", true, 3, 4, 22, 62],
  ["iwp2.5-amd8", false, 7, 7, 36, 61],
  ["amd6", false, 15, 15, 97, 164],
  ["iwp2.7-amd7", false, 15, 15, 97, 97],
  ["iwp2.8.a", false, 3, 3, 13, 13],
  ["iwp2.8.b", false, 3, 3, 13, 17],
  ["amd3", true, 5, 9, 26, 132],
  ["amd5", false, 3, 3, 22, 31],
  ["n4", false, 8, 8, 40, 68],
  ["n4b", false, 4, 4, 14, 23],
  ["n5", false, 4, 4, 17, 33],
  ["n6", true, 4, 5, 19, 54],
  ["rwc-unfenced", true, 7, 8, 36, 75],
  ["rwc-fenced", false, 7, 7, 47, 73],
];

/** All of them. */
export const litmusTests: readonly LitmusExpectation[] = rows.map(
  ([name, isAllowedUnderTso, scOutcomes, tsoOutcomes, scStates, tsoStates]) => ({
    name,
    isAllowedUnderTso,
    outcomes: { sc: scOutcomes, tso: tsoOutcomes },
    states: { sc: scStates, tso: tsoStates },
  }),
);
