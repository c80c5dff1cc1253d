/** What is searched for the sake of a guard: scenarios of the model, and generated programs. */

import { scenarioFamily, type World } from "@mmrace/mm";
import {
  isProgramName,
  packProgram,
  programName,
  programOf,
  programScenario,
  unpackProgram,
  type Program,
} from "@mmrace/mm/programs";
import { decodeToken, type Scenario } from "@mmrace/scheduler";
import { kernelOf, type KernelSpec } from "./kernel-spec.ts";
import type { Situated } from "./sites.ts";

/** Scenarios and programs on a release, as plain data. */
export interface SubjectSpec extends KernelSpec {
  /** Names of families. */
  readonly scenarios: readonly string[];
  /** Packed. */
  readonly programs?: readonly string[];
}

/** One of them. */
export interface Subject {
  readonly scenario: Scenario<World>;
  /** Undefined for a scenario of the model. */
  readonly program: Program | undefined;
}

/** All of them, the scenarios first. */
export function subjectsOf(spec: SubjectSpec): readonly Subject[] {
  const { scenarios, programs = [] } = spec;
  const kernel = kernelOf(spec);
  return [
    ...scenarios.map((name) => ({ scenario: scenarioFamily(name).on(kernel), program: undefined })),
    ...programs.map((packed) => {
      const program = unpackProgram(packed);
      return { scenario: programScenario(program, kernel), program };
    }),
  ];
}

/** The names of packed programs. */
export function namesOf(programs: readonly string[]): readonly string[] {
  return programs.map((packed) => programName(unpackProgram(packed)));
}

/** One of them, before a release is chosen. */
export interface SubjectIn extends Situated {
  /** What names it in a question. */
  readonly spec: Pick<SubjectSpec, "scenarios" | "programs">;
}

/** What a finding was found in: a scenario of the model, or the program that its token carries. */
export function subjectOfFinding({
  scenario: name,
  token,
}: {
  readonly scenario: string;
  readonly token: string;
}): SubjectIn {
  if (!isProgramName(name)) return { name, on: scenarioFamily(name).on, spec: { scenarios: [name] } };
  const program = programOf(decodeToken(token));
  return {
    name,
    on: (kernel) => programScenario(program, kernel),
    spec: { scenarios: [], programs: [packProgram(program)] },
  };
}
