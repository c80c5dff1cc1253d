// What an entry costs: halves against bigint and against one plain number, per operation, in the same rounds.
// Usage: node packages/x86-paging/bench/entries.mjs [--json], after a build. Times are processor time of this
// process: read them as ratios. Bytes are heap growth, the least of several tries.

import { pathToFileURL } from "node:url";
import {
  mkPte,
  NONE_ENTRY,
  pfnOf,
  pteMkyoung,
  ptePresent,
  pteSame,
  pteWrite,
  pteWrprotect,
} from "../dist/index.js";

const SLOTS = 512;
const BATCH = 64;
const ROUNDS = 11;

const entries = Array.from({ length: SLOTS }, (_, i) =>
  mkPte(0x1000 + i, { lo: ((i * 37) & 0xfff) | 1, hi: 0 }),
);
const bigints = entries.map(({ lo, hi }) => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
/** One number per entry: twelve flags and a frame of 18 bits. What a model could get away with; not x86. */
const packed = Int32Array.from(entries, ({ lo }) => lo);

const table = Array.from({ length: SLOTS }, () => NONE_ENTRY);
const halves = new Int32Array(2 * SLOTS);
const bigTable = new BigUint64Array(SLOTS);
const smallTable = new Int32Array(SLOTS);

let sink = 0;
/** Visits a table many times. `visit` holds its own loop over the slots, so that each case is compiled alone. */
const batch = (visit) => () => {
  for (let round = 0; round < BATCH; round++) sink = (sink + visit()) | 0;
  return BATCH * SLOTS;
};

/** operation -> representation -> one batch; returns how many operations it did. */
export function entryCases() {
  return {
    set: setCases(),
    test: testCases(),
    compare: compareCases(),
    extract: extractCases(),
    change: changeCases(),
  };
}

function setCases() {
  return {
    entry: batch(() => {
      for (let i = 0; i < SLOTS; i++) table[i] = entries[i];
      return 0;
    }),
    "entry, typed array": batch(() => {
      for (let i = 0; i < SLOTS; i++) {
        const { lo, hi } = entries[i];
        halves[2 * i] = lo;
        halves[2 * i + 1] = hi;
      }
      return 0;
    }),
    bigint: batch(() => {
      for (let i = 0; i < SLOTS; i++) bigTable[i] = bigints[i];
      return 0;
    }),
    number: batch(() => {
      for (let i = 0; i < SLOTS; i++) smallTable[i] = packed[i];
      return 0;
    }),
  };
}

function testCases() {
  return {
    entry: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) if (ptePresent(entries[i]) && pteWrite(entries[i])) sum++;
      return sum;
    }),
    bigint: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) if ((bigints[i] & 0x101n) !== 0n && (bigints[i] & 2n) !== 0n) sum++;
      return sum;
    }),
    number: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) if ((packed[i] & 0x101) !== 0 && (packed[i] & 2) !== 0) sum++;
      return sum;
    }),
  };
}

function compareCases() {
  return {
    entry: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) if (pteSame(entries[i], entries[(i * 7) & 511])) sum++;
      return sum;
    }),
    bigint: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) if (bigints[i] === bigints[(i * 7) & 511]) sum++;
      return sum;
    }),
    number: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) if (packed[i] === packed[(i * 7) & 511]) sum++;
      return sum;
    }),
  };
}

/** The frame number. */
function extractCases() {
  return {
    entry: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) sum = (sum + pfnOf(entries[i])) | 0;
      return sum;
    }),
    bigint: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) sum = (sum + Number((bigints[i] >> 12n) & 0xff_ffff_ffffn)) | 0;
      return sum;
    }),
    number: batch(() => {
      let sum = 0;
      for (let i = 0; i < SLOTS; i++) sum = (sum + (packed[i] >>> 12)) | 0;
      return sum;
    }),
  };
}

/** Sets Accessed and clears Write, then stores the result. */
function changeCases() {
  return {
    entry: batch(() => {
      for (let i = 0; i < SLOTS; i++) table[i] = pteMkyoung(pteWrprotect(entries[i]));
      return 0;
    }),
    "entry, typed array": batch(() => {
      for (let i = 0; i < SLOTS; i++) {
        const { lo, hi } = pteMkyoung(pteWrprotect(entries[i])); // Taken apart at once: it need never exist.
        halves[2 * i] = lo;
        halves[2 * i + 1] = hi;
      }
      return 0;
    }),
    bigint: batch(() => {
      for (let i = 0; i < SLOTS; i++) bigTable[i] = (bigints[i] & ~2n) | 0x20n;
      return 0;
    }),
    number: batch(() => {
      for (let i = 0; i < SLOTS; i++) smallTable[i] = (packed[i] & ~2) | 0x20;
      return 0;
    }),
  };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function cpuNs(run) {
  const start = process.cpuUsage();
  const units = run();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / units;
}

function bytesPerOperation(run) {
  const tries = Array.from({ length: 7 }, () => {
    const before = process.memoryUsage().heapUsed;
    const units = run();
    return (process.memoryUsage().heapUsed - before) / units;
  });
  return Math.min(...tries.filter((bytes) => bytes >= 0));
}

/** A batch long enough for the clock of processor time. */
const repeated = (run) => () => {
  let units = 0;
  for (let i = 0; i < 40; i++) units += run();
  return units;
};

/** Measures every case in turn, round by round; returns rows `{ operation, form, ns, bytes, ratio }`. */
export function measureEntries() {
  const rows = [];
  for (const [operation, forms] of Object.entries(entryCases())) {
    const names = Object.keys(forms);
    for (const name of names) for (let i = 0; i < 200; i++) forms[name]();
    const times = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) times[name].push(cpuNs(repeated(forms[name])));
    }
    for (const form of names) {
      rows.push({
        operation,
        form,
        ns: median(times[form]),
        bytes: bytesPerOperation(forms[form]),
        // Within rounds, so that a machine that changes speed hurts both alike.
        ratio: median(times[form].map((ns, round) => ns / times["number"][round])),
      });
    }
  }
  return rows;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rows = measureEntries();
  if (process.argv.includes("--json")) console.log(JSON.stringify({ schemaVersion: 1, rows }));
  else {
    console.log("operation  form                  ns/op  x number  bytes/op");
    for (const { operation, form, ns, bytes, ratio } of rows) {
      const cells = [ns.toFixed(2).padStart(7), ratio.toFixed(1).padStart(9), bytes.toFixed(1).padStart(9)];
      console.log(`${operation.padEnd(11)}${form.padEnd(20)}${cells.join(" ")}`);
    }
  }
}
