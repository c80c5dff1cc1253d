/**
 * What the report page is given, as plain data: it is written into the page as JSON, so the page and the program share
 * these types and nothing else. Texts stand once in a list and are named by their numbers: traces repeat themselves.
 */

/** A thread and the CPU it runs on. */
export interface ThreadData {
  readonly name: string;
  readonly cpu: number;
}

/** One performed operation. */
export interface StepData {
  /** Thread number. */
  readonly thread: number;
  /** Numbers of texts: where in the model, and the operation in words. */
  readonly site: number;
  readonly text: number;
}

/** One line of the CPU columns: an operation, or a procedure that a thread enters. */
export interface RowData {
  /** The step; of a procedure, the first step inside it. */
  readonly step: number;
  /** The thread in whose column it stands. */
  readonly column: number;
  readonly depth: number;
  readonly text: number;
  readonly isProcedure: boolean;
}

/** Something that a thread holds, or a section it is in, from after one step until after another one. */
export interface HoldData {
  readonly thread: number;
  /** Number of a text. */
  readonly name: number;
  readonly mode: "exclusive" | "read" | "section";
  readonly from: number;
  /** The step that ended it; the number of steps if none did. */
  readonly to: number;
}

/** One value of an entry: from after a step on. Step -1 is before the first one. */
export interface ValueData {
  readonly step: number;
  /** Number of a text: the entry in words, empty if there is none. */
  readonly text: number;
  /** Number of a text: the 64 bits in hexadecimal. */
  readonly bits: number;
  /** The table that it names, by place in `tables`. */
  readonly names?: number;
}

/** One entry of a table through the whole execution. */
export interface CellData {
  readonly label: string;
  readonly values: readonly ValueData[];
}

/** A page table, or the translations that a CPU has cached. */
export interface TableData {
  readonly title: string;
  readonly kind: "pmd" | "pte" | "tlb";
  /** What it is from after a step on: live, doomed, freed; empty before it is made. */
  readonly life: readonly { readonly step: number; readonly state: TableState }[];
  readonly cells: readonly CellData[];
}

/** The life of a table: not made yet; in use; on its way to be freed; freed. */
export type TableState = "absent" | "live" | "doomed" | "freed";

/** One execution in full. */
export interface RecordingData {
  readonly texts: readonly string[];
  readonly threads: readonly ThreadData[];
  readonly steps: readonly StepData[];
  readonly rows: readonly RowData[];
  readonly holds: readonly HoldData[];
  readonly tables: readonly TableData[];
}

/** One finding. */
export interface FindingData {
  readonly oracle: string;
  readonly message: string;
  readonly details: readonly string[];
  readonly signature: string;
  readonly scenario: string;
  readonly kernel: string;
  readonly memory: string;
  readonly ablations: readonly string[];
  readonly preemptions: number;
  /** Where else it was seen, `scenario on kernel`. */
  readonly alsoSeen: readonly string[];
  readonly token: string;
  /** CPU columns, as `mmrace replay` prints them. */
  readonly columns: string;
  readonly recording: RecordingData;
  /** Why the token could not be replayed on this model; then the recording has no steps. */
  readonly stale?: string;
}

/** What a campaign had come to after some executions. */
export interface GrowthPoint {
  readonly executions: number;
  readonly seconds: number;
  /** Features seen, by map. */
  readonly features: Readonly<Record<string, number>>;
  readonly corpus: number;
  readonly findings: number;
}

/** Who read whose writes, and who got locks from whom, by procedures. */
export interface HeatData {
  readonly map: string;
  readonly procedures: readonly string[];
  /** `[from, to, edges, executions]`: numbers of procedures, distinct pairs of sites, schedules of the corpus that show one. */
  readonly pairs: readonly (readonly [from: number, to: number, edges: number, executions: number])[];
}

/** The campaign on one scenario. */
export interface CampaignData {
  readonly scenario: string;
  readonly kernel: string;
  readonly strategy: string;
  readonly seed: number;
  readonly executions: number;
  readonly steps: number;
  readonly seconds: number;
  readonly state: "running" | "interrupted" | "done";
  /** Schedules kept. */
  readonly corpus: number;
  readonly growth: readonly GrowthPoint[];
  readonly heat: readonly HeatData[];
  readonly unreached: readonly string[];
}

/** What one guard, or several together, are for, as `mmrace why` has answered. */
export interface WhyData {
  readonly kernel: string;
  readonly sites: readonly string[];
  readonly verdict: string;
  readonly executions: number;
  /** Executions of campaigns, besides. */
  readonly fuzzed: number;
  /** Every schedule within the bound was searched. */
  readonly complete: boolean;
  readonly preemptionsMax: number;
  readonly scenarios: readonly string[];
  /** How many generated programs. */
  readonly programs: number;
  /** The shortest counterexample. */
  readonly finding?: {
    readonly scenario: string;
    readonly oracle: string;
    readonly message: string;
    readonly token: string;
    readonly preemptions: number;
    readonly steps: number;
  };
}

/** The whole report. */
export interface ReportData {
  readonly title: string;
  readonly version: string;
  readonly campaigns: readonly CampaignData[];
  readonly findings: readonly FindingData[];
  readonly why: readonly WhyData[];
}
