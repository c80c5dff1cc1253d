// How a model thread can be snapshotted: what a step of a search over states costs by replay, by looking learned steps up, and
// by compiled frames: program counters and memory in typed arrays, a function per place of the program, no generators.
//
// Two sorts of compiled frames. Those of scenarios are generated from the automata that a search has learned, so they do what
// the model does, state by state. Those of the ticket lock are written by hand, with tickets as locals, as one would write the
// model for speed. All search by the same code below; only what a state leads to is found in another way.
// Usage: node bench/frames.mjs [--json]. Build first: pnpm run build.

import { runInThisContext } from "node:vm";
import { scenarioFamily } from "@mmrace/mm";
import { HashSet64 } from "../packages/scheduler/dist/states/hash-set.js";
import { Judge } from "../packages/scheduler/dist/states/judge.js";
import { NONE } from "../packages/scheduler/dist/states/transitions.js";
import { highOf, lowOf } from "../packages/scheduler/dist/states/zobrist.js";
import { learn } from "./automata.mjs";
import { measure, median, ratio } from "./measure.mjs";
import { loadSuites } from "./suites.mjs";

const ROUNDS = { rounds: 5, warmUps: 2 };
const RELEASE = "6.12";
const FAMILIES = ["mremap-vs-retract", "cpmt-vs-retract", "cpmt-vs-gup-fast", "retract-vs-uffd-wp"];
/** Transitions that one measurement goes through at least. */
const BATCH = 200_000;

/** Breadth-first over rows of one width. `expand(search)` asks `isNew` for each step, and writes what has changed after `push`. */
class Search {
  constructor(root, expand) {
    this.width = root.length;
    this.expand = expand;
    this.seen = new HashSet64();
    this.rows = new Int32Array(root.length << 8);
    this.hashes = new Int32Array(2 << 8);
    this.count = this.states = this.transitions = 0;
    this.state = root;
    this.low = root.reduce((sum, word, slot) => (sum + lowOf(slot, word)) | 0, 0);
    this.high = root.reduce((sum, word, slot) => (sum + highOf(slot, word)) | 0, 0);
    this.nextLow = this.nextHigh = 0;
    this.isNew(0, 0);
    this.transitions = 0;
    this.push();
  }

  /** A step that changes the hash of the state by so much. */
  isNew(low, high) {
    this.transitions++;
    this.nextLow = (this.low + low) | 0;
    this.nextHigh = (this.high + high) | 0;
    return this.seen.add(this.nextLow, this.nextHigh);
  }

  /** A copy of the state, behind all others. @returns where it begins in `rows`. */
  push() {
    const at = this.count * this.width;
    if (at + this.width > this.rows.length) {
      const rows = new Int32Array(2 * this.rows.length);
      rows.set(this.rows);
      this.rows = rows;
    }
    if (2 * this.count === this.hashes.length) {
      const hashes = new Int32Array(2 * this.hashes.length);
      hashes.set(this.hashes);
      this.hashes = hashes;
    }
    for (let slot = 0; slot < this.width; slot++) this.rows[at + slot] = this.state[slot];
    this.hashes[2 * this.count] = this.nextLow;
    this.hashes[2 * this.count + 1] = this.nextHigh;
    this.count++;
    return at;
  }

  run() {
    this.state = new Int32Array(this.width);
    for (; this.states < this.count; this.states++) {
      const from = this.states * this.width;
      for (let slot = 0; slot < this.width; slot++) this.state[slot] = this.rows[from + slot];
      this.low = this.hashes[2 * this.states];
      this.high = this.hashes[2 * this.states + 1];
      this.expand(this);
    }
    return { states: this.states, transitions: this.transitions };
  }
}

/** Looks learned steps up, as `searchStates` does. */
function lookingUp({ transitions, slots: { threads } }) {
  const { threadOf, targetOf, nextOf, writes, writesFrom, writesTo } = transitions;
  return (search) => {
    const { state } = search;
    for (let id = 0; id < threads; id++) {
      for (let edge = transitions.find(state, id); edge >= 0; edge = nextOf[edge]) {
        const thread = threadOf[edge];
        const [from, to] = [state[thread], targetOf[edge]];
        let low = lowOf(thread, to) - lowOf(thread, from);
        let high = highOf(thread, to) - highOf(thread, from);
        for (let at = writesFrom[edge]; at < writesTo[edge]; at += 2) {
          const [slot, word] = [writes[at], writes[at + 1]];
          low = (low + lowOf(slot, word) - lowOf(slot, state[slot])) | 0;
          high = (high + highOf(slot, word) - highOf(slot, state[slot])) | 0;
        }
        if (!search.isNew(low, high)) continue;
        const row = search.push();
        search.rows[row + thread] = to;
        for (let at = writesFrom[edge]; at < writesTo[edge]; at += 2)
          search.rows[row + writes[at]] = writes[at + 1];
      }
    }
  };
}

/** The same steps as code: a function for each place of a thread, in which what is known of a step is a constant. */
function compiled({ walker: { transitions, slots }, root }) {
  const edgeCode = (edge, from, known) => {
    const thread = transitions.threadOf[edge];
    const changes = [[thread, from, transitions.targetOf[edge]]];
    for (let at = transitions.writesFrom[edge]; at < transitions.writesTo[edge]; at += 2)
      changes.push([transitions.writes[at], known.get(transitions.writes[at]), transitions.writes[at + 1]]);
    const change = (name, hashOf) => {
      let constant = 0;
      const terms = [];
      for (const [slot, before, after] of changes) {
        constant = (constant + hashOf(slot, after) - (before === undefined ? 0 : hashOf(slot, before))) | 0;
        if (before === undefined) terms.push(` - ${name}(${slot}, s[${slot}])`);
      }
      return `${constant}${terms.join("")}`;
    };
    const sets = changes.map(([slot, , after]) => `search.rows[at + ${slot}] = ${after};`).join(" ");
    return `if (search.isNew(${change("lowOf", lowOf)}, ${change("highOf", highOf)})) { const at = search.push(); ${sets} }`;
  };
  const placeCode = (place, node, known) => {
    const slot = transitions.slotAt[place];
    if (slot === NONE) {
      const edges = [];
      for (let edge = transitions.outcomeAt[place]; edge >= 0; edge = transitions.nextOf[edge])
        edges.push(edgeCode(edge, node, known));
      return edges.join("\n");
    }
    const cases = [];
    for (let word = 0; word <= slots.values; word++) {
      const to = transitions.branch(place, word);
      if (to >= 0)
        cases.push(`case ${word}: ${placeCode(to, node, new Map([...known, [slot, word]]))} break;`);
    }
    return `switch (s[${slot}]) { ${cases.join("\n")} }`;
  };
  const nodes = new Set(transitions.targetOf);
  for (let thread = 0; thread < slots.threads; thread++) nodes.add(root[thread]);
  const functions = [...nodes].map(
    (node) => `places[${node}] = (search, s) => { ${placeCode(node, node, new Map())} };`,
  );
  const places = [];
  runInThisContext(`(places, lowOf, highOf) => { ${functions.join("\n")} }`)(places, lowOf, highOf);
  const { threads } = slots;
  return (search) => {
    const { state } = search;
    for (let id = 0; id < threads; id++) places[state[id]](search, state);
  };
}

const [OUTSIDE, CALLED, WAITING, INSIDE, LEAVING, UNLOCKING, UNLOCKED] = [0, 1, 2, 3, 4, 5, 6];

/** The ticket lock by hand: counters, then of each thread where it is, then its ticket. */
function ticketLockByHand(threads, tickets) {
  const [owner, next, pc, ticket] = [0, 1, 2, 2 + threads];
  const expand = (search) => {
    const s = search.state;
    const step = (id, to, slot, word, own = s[ticket + id]) => {
      let low =
        lowOf(pc + id, to) -
        lowOf(pc + id, s[pc + id]) +
        lowOf(ticket + id, own) -
        lowOf(ticket + id, s[ticket + id]);
      let high =
        highOf(pc + id, to) -
        highOf(pc + id, s[pc + id]) +
        highOf(ticket + id, own) -
        highOf(ticket + id, s[ticket + id]);
      if (slot >= 0) {
        low = low + lowOf(slot, word) - lowOf(slot, s[slot]);
        high = high + highOf(slot, word) - highOf(slot, s[slot]);
      }
      if (!search.isNew(low | 0, high | 0)) return;
      const at = search.push();
      search.rows[at + pc + id] = to;
      search.rows[at + ticket + id] = own;
      if (slot >= 0) search.rows[at + slot] = word;
    };
    for (let id = 0; id < threads; id++) {
      switch (s[pc + id]) {
        case OUTSIDE:
          step(id, CALLED, -1, 0);
          break;
        case CALLED:
          // A ticket is a number plus one: none is 0.
          step(id, WAITING, next, (s[next] + 1) % tickets, s[next] + 1);
          break;
        case WAITING:
          if (s[owner] === s[ticket + id] - 1) step(id, INSIDE, -1, 0, 0);
          break;
        case INSIDE:
          step(id, LEAVING, -1, 0);
          break;
        case LEAVING:
          step(id, UNLOCKING, -1, 0);
          break;
        case UNLOCKING:
          step(id, UNLOCKED, owner, (s[owner] + 1) % tickets);
          break;
        case UNLOCKED:
          step(id, OUTSIDE, -1, 0);
          break;
      }
    }
  };
  return { expand, root: new Int32Array(2 + 2 * threads) };
}

/** Runs one search over and over, until it has gone through enough transitions. */
function repeated({ root, expand }, wanted) {
  return () => {
    let transitions = 0;
    while (transitions < BATCH) {
      const found = new Search(root, expand).run();
      if (found.states !== wanted.states || found.transitions !== wanted.transitions)
        throw new Error(
          `${JSON.stringify(found)} is not ${wanted.states} states, ${wanted.transitions} transitions`,
        );
      transitions += found.transitions;
    }
    return transitions;
  };
}

/** Runs the way to each state again: what the next step costs where nothing is remembered. */
function replaying(scenario, { walker, states }) {
  const judge = new Judge({ ...scenario, properties: [] }, {});
  const routes = Array.from({ length: states }, (_, index) => walker.routeTo(index));
  return () => {
    for (const route of routes) judge.run(route);
    return states;
  };
}

function compare(name, scenario, byHand) {
  const learned = learn(scenario);
  const { walker } = learned;
  // Threads may create objects: states are longer than the first.
  const root = new Int32Array(walker.slots.width);
  root.set(learned.root);
  const cases = {
    replay: replaying(scenario, learned),
    "learning included": () => learn(scenario).transitions,
    "looked up": repeated({ root, expand: lookingUp(walker) }, learned),
    "compiled from automata": repeated({ root, expand: compiled(learned) }, learned),
  };
  if (byHand !== undefined) cases["compiled by hand"] = repeated(byHand, learned);
  const figures = measure(cases, ROUNDS);
  const microseconds = Object.entries(figures).map(([one, ns]) => [
    one,
    Number((median(ns) / 1000).toPrecision(3)),
  ]);
  const toLookedUp = (one) => Number(ratio(figures["looked up"], figures[one]).toFixed(2));
  return {
    scenario: name,
    states: learned.states,
    transitions: learned.transitions,
    ...Object.fromEntries(microseconds),
    "looked up to compiled": toLookedUp("compiled from automata"),
    ...(byHand === undefined ? {} : { "looked up to by hand": toLookedUp("compiled by hand") }),
    "replay to looked up": Math.round(ratio(figures.replay, figures["looked up"])),
  };
}

await loadSuites();
const { ticketLock } = await import("../suites/dist/stateful/kernel-locks.js");
const report = [
  ...FAMILIES.map((name) => compare(`${name} on ${RELEASE}`, scenarioFamily(name).on(RELEASE))),
  compare("ticket lock(4)", ticketLock(4, 4, {}).scenario, ticketLockByHand(4, 4)),
];
if (process.argv.includes("--json")) console.log(JSON.stringify(report));
else {
  console.log(
    `Node ${process.version}, medians of ${ROUNDS.rounds} rounds, microseconds of processor time per transition.`,
  );
  console.table(report);
}
