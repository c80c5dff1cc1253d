/** Procedures name sites, sites address ablations, traces show calls. */

import {
  always,
  Cell,
  columnsText,
  defineProcedures,
  defineScenario,
  exhaustive,
  explore,
  kernelSpelling,
  Operation,
  readOnce,
  recordTrace,
  SharedObject,
  stepsText,
  UsageError,
  without,
  writeOnce,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

describe("procedures and sites", () => {
  test("names follow the kernel's spelling", () => {
    expect(kernelSpelling("retractPageTables")).toBe("retract_page_tables");
    expect(kernelSpelling("__pteOffsetMapLock")).toBe("__pte_offset_map_lock");
  });

  const procedures = defineProcedures({
    *outerStep(cell: Cell<number>): Steps<void> {
      yield* readOnce(cell);
      yield* procedures.innerStep(cell);
      yield* readOnce(cell);
    },
    *innerStep(cell: Cell<number>): Steps<void> {
      yield* writeOnce(cell, 1);
    },
  });
  const scenario = defineScenario<Cell<number>>({
    name: "procedures",
    setup: () => new Cell("word", 0),
    threads: { main: (cell) => procedures.outerStep(cell) },
    properties: [],
  });

  test("a site is procedure, operation and class; columns show calls as indents", () => {
    const trace = recordTrace(scenario, new Uint8Array(0));
    expect(trace.events.map(({ site }) => site)).toEqual([
      "outer_step/read_once/word",
      "inner_step/write_once/word",
      "outer_step/read_once/word",
    ]);
    expect(columnsText(trace).split("\n").slice(2)).toEqual([
      "outer_step()",
      "  READ_ONCE(word) = 0",
      "  inner_step()",
      "    WRITE_ONCE(word, 1)",
      "  READ_ONCE(word) = 1",
    ]);
    expect(stepsText(trace).split("\n")).toHaveLength(3);
  });

  test("an ablation forces the second read to see what the first saw", () => {
    const ablations = [without.recheck("outer_step", "word", { nth: 2 })];
    expect(recordTrace(scenario, new Uint8Array(0), { ablations }).events.at(-1)!.text).toBe(
      "READ_ONCE(word) = 0",
    );
    const dictated = [without.recheck("outer_step", "word", { nth: 2, answer: 7 })];
    expect(recordTrace(scenario, new Uint8Array(0), { ablations: dictated }).events.at(-1)!.text).toBe(
      "READ_ONCE(word) = 7",
    );
  });

  test("what an operation has promised is left when an ablation removes it, as a step of its own", () => {
    const effect: OperationKind<Cell<number>, Cell<number>, void> = {
      name: "set",
      access: "write",
      perform: (cell, owed) => {
        cell.value = owed.value = 1;
      },
      remainder: {
        name: "promise",
        access: "none",
        touches: (_cell, owed) => [{ access: "write", object: owed }],
        perform: (_cell, owed) => {
          owed.value = 1;
        },
      },
    };
    const promising = defineScenario({
      name: "promising",
      setup: () => ({ cell: new Cell("cell", 0), owed: new Cell("owed", 0) }),
      threads: {
        *setter({ cell, owed }) {
          yield* Operation.of(effect, cell, owed);
        },
        *other({ owed }) {
          yield* writeOnce(owed, 2);
        },
      },
      properties: [
        always<{ cell: Cell<number>; owed: Cell<number> }>(
          "what is owed is there",
          ({ cell, owed }) => owed.value !== 1 || cell.value === 1,
        ),
      ],
    });
    const ablations = [without.site("setter/set/cell")];
    expect(explore(promising, exhaustive()).violations).toEqual([]);
    const { violations, unmatched } = explore(promising, exhaustive(), { ablations });
    expect([violations.length, unmatched]).toEqual([1, []]);
    const { events } = recordTrace(promising, new Uint8Array(0), { ablations });
    expect(events.map(({ site }) => site)).toEqual(["setter/set/cell"]);
  });

  test("an ablation that matches nothing is named", () => {
    const misspelt = without.site("outer_stop/read_once/word");
    expect(explore(scenario, exhaustive(), { ablations: [misspelt] }).unmatched).toEqual([misspelt]);
    expect(() => without.site("outer_step")).toThrow(UsageError);
  });

  test("where sections nest, the release that goes is that of the acquire that went", () => {
    class Section extends SharedObject {}
    const kind = (role: "acquire" | "release"): OperationKind<Section, string, void> => ({
      name: role,
      access: "read",
      role,
      perform: () => {},
      describe: (_section, mark) => `${role} ${mark}`,
    });
    const nested = defineProcedures({
      *outerStep(section: Section): Steps<void> {
        yield* Operation.of(kind("acquire"), section, "outer");
        yield* nested.innerStep(section);
        yield* Operation.of(kind("release"), section, "outer");
      },
      *innerStep(section: Section): Steps<void> {
        yield* Operation.of(kind("acquire"), section, "inner");
        yield* Operation.of(kind("release"), section, "inner");
      },
    });
    const sections = defineScenario<Section>({
      name: "sections",
      setup: () => new Section("section"),
      threads: { main: (section) => nested.outerStep(section) },
      properties: [],
    });
    const left = (site: string): readonly string[] => {
      const ablations = [without.site(site)];
      return recordTrace(sections, new Uint8Array(0), { ablations }).events.map(({ text }) => text);
    };
    expect(left("outer_step/acquire/section")).toEqual(["acquire inner", "release inner"]);
    expect(left("inner_step/acquire/section")).toEqual(["acquire outer", "release outer"]);
  });
});
