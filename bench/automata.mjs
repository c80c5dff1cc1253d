// The automata that a search over states has learned, written down for others to search: as Promela for SPIN, and as C tables
// with the same search in C. Only for searches without violations: an edge of those leads nowhere.

import { Rows } from "../packages/scheduler/dist/states/rows.js";
import { DISABLED, NONE, UNKNOWN } from "../packages/scheduler/dist/states/transitions.js";
import { Walker } from "../packages/scheduler/dist/states/walker.js";

/** Learns all of a scenario. @returns the walker, its first state, and how many states and transitions there are. */
export function learn(scenario) {
  const walker = new Walker(scenario, {}, []);
  const [root] = walker.roots();
  let level = new Rows(walker.slots.width);
  let next = new Rows(walker.slots.width);
  walker.addRoot(0, root.state, 0, level);
  let transitions = 0;
  while (level.count > 0) {
    for (let row = 0; row < level.count; row++) {
      walker.load(level, row);
      walker.findOutcomes();
      for (const outcome of walker.outcomes) {
        for (let edge = outcome; edge >= 0; edge = walker.transitions.nextOf[edge]) {
          transitions++;
          walker.reach(edge, 0, next);
        }
      }
    }
    level.clear();
    [level, next] = [next, level];
  }
  return { walker, root: root.state, states: walker.states, transitions };
}

/** Slots of objects that change, each thread's nodes, and for each node what can happen: conditions and edges. */
function describe({ walker, root }) {
  const { transitions, slots } = walker;
  const threads = Array.from({ length: slots.threads }, (_, thread) => ({
    thread,
    first: root[thread],
    nodes: new Map(),
  }));
  const branchesOf = (place, conditions) => {
    const slot = transitions.slotAt[place];
    if (slot === NONE) {
      const outcome = transitions.outcomeAt[place];
      if (outcome === DISABLED || outcome === UNKNOWN) return [];
      const edges = [];
      for (let edge = outcome; edge !== NONE; edge = transitions.nextOf[edge])
        edges.push({ conditions, edge });
      return edges;
    }
    const branches = [];
    for (let value = 0; value <= slots.values; value++) {
      const to = transitions.branch(place, value);
      if (to >= 0) branches.push(...branchesOf(to, [...conditions, [slot, value]]));
    }
    return branches;
  };
  for (const { first, nodes } of threads) {
    const open = [first];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (nodes.has(node)) continue;
      const branches = branchesOf(node, []);
      nodes.set(node, branches);
      for (const { edge } of branches) open.push(transitions.targetOf[edge]);
    }
  }
  return threads;
}

function writesOf({ transitions }, edge) {
  const words = transitions.writes.slice(transitions.writesFrom[edge], transitions.writesTo[edge]);
  return words.flatMap((slot, at) => (at % 2 === 0 ? [[slot, words[at + 1]]] : []));
}

/** A process per thread, a label per node. Finished and waiting threads stay where they are, so that no state is added. */
export function promelaOf(learned) {
  const { walker, root } = learned;
  const lines = [];
  for (let slot = walker.slots.threads; slot < walker.slots.width; slot++)
    lines.push(`short o${slot} = ${root[slot] ?? 0};`);
  for (const { thread, first, nodes } of describe(learned)) {
    lines.push(`active proctype t${thread}() {`, `  goto end${first};`);
    for (const [node, branches] of nodes) {
      const options = branches.map(({ conditions, edge }) => {
        const guard = conditions.map(([slot, value]) => `o${slot} == ${value}`).join(" && ") || "true";
        const effects = writesOf(walker, edge).map(([slot, value]) => `o${slot} = ${value}`);
        // SPIN takes only so many d_steps; what is atomic, and cannot block inside, is one step too.
        const step = effects.length === 0 ? `(${guard})` : `atomic { (${guard}) -> ${effects.join("; ")} }`;
        return `  :: ${step} -> goto end${walker.transitions.targetOf[edge]}`;
      });
      lines.push(`end${node}:`, ...(options.length === 0 ? ["  false;"] : ["  if", ...options, "  fi;"]));
    }
    lines.push("}");
  }
  return `${lines.join("\n")}\n`;
}

/** The same tables and the same search in C. */
export function cOf(learned) {
  const { walker, root } = learned;
  const { transitions, slots } = walker;
  const places = transitions.places;
  const next = [];
  const base = Array.from({ length: places }, () => 0);
  for (let place = 0; place < places; place++) {
    if (transitions.slotAt[place] === NONE) continue;
    const values = [];
    for (let value = 0; value <= slots.values; value++) values.push(transitions.branch(place, value));
    const low = values.findIndex((to) => to >= 0);
    base[place] = next.length - low;
    next.push(...values.slice(low, values.findLastIndex((to) => to >= 0) + 1));
  }
  const table = (name, numbers) => `static const int ${name}[] = {${numbers.join()},0};\n`;
  return (
    `#define THREADS ${slots.threads}\n#define WIDTH ${slots.width}\n#define MEMORY ${slots.memoryFrom}\n` +
    table("slotAt", transitions.slotAt) +
    table("outcomeAt", transitions.outcomeAt) +
    table("base", base) +
    table("nextAt", next) +
    table("threadOf", transitions.threadOf) +
    table("targetOf", transitions.targetOf) +
    table("nextOf", transitions.nextOf) +
    table("writesFrom", transitions.writesFrom) +
    table("writesTo", transitions.writesTo) +
    table("writes", transitions.writes) +
    `static const int root[WIDTH] = {${Array.from({ length: slots.width }, (_, slot) => root[slot] ?? 0).join()}};\n` +
    C_SEARCH
  );
}

const C_SEARCH = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct { uint32_t low, high, index; uint16_t state[WIDTH]; } Row;
typedef struct { Row *rows; size_t count, capacity; } Rows;
static uint32_t lowOf(uint32_t slot, uint32_t value) {
  if (value == 0) return 0;
  uint32_t m = value * 0x9e3779b1u ^ (slot + 1) * 0x85ebca6bu;
  m = (m ^ m >> 16) * 0x21f0aaadu; m = (m ^ m >> 15) * 0x735a2d97u;
  return m ^ m >> 15;
}
static uint32_t highOf(uint32_t slot, uint32_t value) {
  if (value == 0) return 0;
  uint32_t m = value * 0x27d4eb2fu + (slot + 1) * 0x165667b1u;
  m = (m ^ m >> 15) * 0x2c1b3c6du; m = (m ^ m >> 12) * 0x297a2d39u;
  return m ^ m >> 15;
}
static uint32_t (*table)[2]; static size_t mask = 4095, size = 0;
static uint32_t *before, *edges; static size_t known = 0;
static int add(uint32_t low, uint32_t high) {
  size_t at = low & mask;
  for (; table[at][0] | table[at][1]; at = (at + 1) & mask) if (table[at][0] == low && table[at][1] == high) return 0;
  table[at][0] = low; table[at][1] = high;
  if (4 * ++size > 3 * mask) {
    uint32_t (*old)[2] = table; size_t oldMask = mask; mask = 2 * mask + 1; table = calloc(mask + 1, 8);
    for (size_t i = 0; i <= oldMask; i++) if (old[i][0] | old[i][1]) {
      size_t to = old[i][0] & mask; while (table[to][0] | table[to][1]) to = (to + 1) & mask;
      table[to][0] = old[i][0]; table[to][1] = old[i][1];
    }
    free(old);
  }
  return 1;
}
static Row *push(Rows *rows) {
  if (rows->count == rows->capacity) { rows->capacity = rows->capacity * 3 / 2 + 16; rows->rows = realloc(rows->rows, rows->capacity * sizeof(Row)); }
  return &rows->rows[rows->count++];
}
static uint32_t number(uint32_t from, uint32_t edge) {
  static size_t capacity = 0;
  if (known == capacity) { capacity = capacity * 3 / 2 + 1024; before = realloc(before, 4 * capacity); edges = realloc(edges, 4 * capacity); }
  before[known] = from; edges[known] = edge; return known++;
}
int main(void) {
  table = calloc(mask + 1, 8);
  Rows level = {0}, next = {0}; unsigned long transitions = 0;
  Row *first = push(&level); memset(first, 0, sizeof *first);
  for (int i = 0; i < WIDTH; i++) { first->state[i] = root[i]; first->low += lowOf(i, root[i]); first->high += highOf(i, root[i]); }
  add(first->low, first->high); first->index = number(0, 0);
  while (level.count > 0) {
    for (size_t r = 0; r < level.count; r++) {
      Row *row = &level.rows[r];
      for (int t = 0; t < THREADS; t++) {
        int place = row->state[t];
        while (slotAt[place] >= 0) place = nextAt[base[place] + row->state[slotAt[place]]];
        for (int edge = outcomeAt[place]; edge >= 0; edge = nextOf[edge]) {
          transitions++;
          uint32_t low = row->low + lowOf(t, targetOf[edge]) - lowOf(t, row->state[t]);
          uint32_t high = row->high + highOf(t, targetOf[edge]) - highOf(t, row->state[t]);
          for (int w = writesFrom[edge]; w < writesTo[edge]; w += 2) {
            low += lowOf(writes[w], writes[w + 1]) - lowOf(writes[w], row->state[writes[w]]);
            high += highOf(writes[w], writes[w + 1]) - highOf(writes[w], row->state[writes[w]]);
          }
          if (!add(low, high)) continue;
          Row *to = push(&next); memcpy(to, row, sizeof *to);
          to->low = low; to->high = high; to->index = number(row->index, edge); to->state[t] = targetOf[edge];
          for (int w = writesFrom[edge]; w < writesTo[edge]; w += 2) to->state[writes[w]] = writes[w + 1];
        }
      }
    }
    level.count = 0; Rows swap = level; level = next; next = swap;
  }
  printf("%zu %lu\\n", size, transitions);
  return 0;
}
`;
