/**
 * The engine: runs one execution at a time. Pick a thread, perform its pending operation, run its local code up to the
 * next announcement, check the properties.
 */

import { AblationRules } from "./ablation.ts";
import { setActiveEngine, type ActiveEngine } from "./active.ts";
import { assert, InternalError, UsageError } from "./assert.ts";
import { castOf, enlist, type Part } from "./cast.ts";
import { restartGates } from "./cpu-gate.ts";
import { spinning, waitingForEver } from "./ending.ts";
import { accessOf, changes } from "./footprint.ts";
import { Lasso } from "./lasso.ts";
import { reportIfEnded } from "./lifetime.ts";
import { reduce, MUST_WAIT, type Operation } from "./operation.ts";
import type { Observer } from "./observer.ts";
import { copyOf, type Aside, type Ending, type Path } from "./outcome.ts";
import { PropertyChecker } from "./property-checker.ts";
import type { MemoryModel, RunSettings } from "./run-settings.ts";
import { STEPS_MAX_DEFAULT, type Scenario } from "./scenario.ts";
import { restartLocations } from "./shared-object.ts";
import { siteOf, type Site } from "./site.ts";
import type { Steps } from "./steps.ts";
import { PRUNE, type Strategy } from "./strategy.ts";
import { canRun, type ModelThread } from "./thread.ts";
import { underTso } from "./tso.ts";

/** Runs executions of one scenario. What an execution left behind stays readable until the next one begins. */
export class Engine<W> implements ActiveEngine, Path {
  readonly scenario: Scenario<W>;
  readonly settings: RunSettings;
  readonly memory: MemoryModel;
  readonly given: readonly string[];
  readonly ablations: AblationRules;
  readonly properties: PropertyChecker<W>;
  /** The thread of each step of the execution. */
  readonly choices: number[] = [];
  /** The data choices of the execution. */
  readonly values: number[] = [];
  /** The site of each step of the execution. */
  readonly sites: Site[] = [];
  /** What the execution showed only beside others. */
  readonly asides: (Aside & { readonly path: Path })[] = [];
  /** Executions begun so far. */
  runs = 0;
  learned = 0;
  preemptions = 0;
  threads: ModelThread[] = [];
  currentThread!: ModelThread;

  readonly #observers: readonly Observer[];
  readonly #stepsMax: number;
  readonly #lasso: Lasso;
  readonly #cast: readonly Part<W>[];
  readonly #enabled: ModelThread[] = [];
  readonly #point: {
    threads: readonly ModelThread[];
    enabled: readonly ModelThread[];
    current: ModelThread | undefined;
  };
  readonly #generators: Steps<void>[] = [];
  #strategy!: Strategy;
  #world!: W;
  #ending: Ending | undefined;
  #next: ModelThread | undefined;
  #last: ModelThread | undefined;
  #isStarting = false;
  #writes = 0;
  #lastWriteStep = 0;
  /** An operation that an ablation removed, or the result that an ablation dictates. */
  #skipped: Operation<unknown> | undefined;
  #answers = new Map<Operation<unknown>, unknown>();
  readonly #remembered = new Map<symbol, unknown>();

  constructor(scenario: Scenario<W>, settings: RunSettings = {}, observers: readonly Observer[] = []) {
    this.scenario = scenario;
    this.settings = settings;
    this.memory = settings.memory ?? "sc";
    this.given = settings.given ?? [];
    this.ablations = new AblationRules(settings.ablations ?? []);
    this.properties = new PropertyChecker(scenario.properties);
    this.#observers = observers;
    this.#stepsMax = scenario.stepsMax ?? STEPS_MAX_DEFAULT;
    this.#lasso = new Lasso(this.#stepsMax);
    this.#cast = castOf(scenario);
    this.#point = { threads: this.threads, enabled: this.#enabled, current: undefined };
  }

  /** Runs one execution under a strategy whose `beginExecution` has answered true. */
  run(strategy: Strategy): Ending {
    const outer = setActiveEngine(this);
    try {
      this.#begin(strategy);
      while (this.#next !== undefined) this.#resume(this.#next);
      assert(this.#ending !== undefined, "an execution stopped without an ending");
      strategy.endExecution?.(this.threads, this.#ending);
      return this.#ending;
    } finally {
      setActiveEngine(outer);
    }
  }

  announce(operation: Operation<unknown>): boolean {
    const thread = this.currentThread;
    operation.thread = thread;
    operation.site = siteOf(thread.frame.procedure, operation.kind.name, operation.object.class);
    if (this.memory === "tso") operation.kind = underTso(operation.kind);
    if (!this.ablations.isEmpty && this.#isSkipped(thread, operation)) return true;
    return this.#schedule(thread, operation);
  }

  announceWait(operation: Operation<unknown>): boolean {
    const { thenWait, name } = operation.kind;
    assert(thenWait !== undefined, `${name} must wait, but says not how`);
    operation.kind = thenWait;
    return this.#schedule(this.currentThread, operation);
  }

  /** Makes an operation the thread's next one. True: perform it now. */
  #schedule(thread: ModelThread, operation: Operation<unknown>): boolean {
    if (operation.kind.isSchedulingPoint === false) return true;
    thread.pending = operation;
    if (this.#isStarting) return false;
    this.#completeStep();
    this.#next = this.#pick();
    return this.#next === thread;
  }

  perform(operation: Operation<unknown>): unknown {
    if (operation === this.#skipped) {
      this.#skipped = undefined;
      return undefined;
    }
    const thread = this.currentThread;
    const kind = operation.kind;
    if (kind.isSchedulingPoint !== false) this.sites.push(operation.site!);
    if (operation.object.lifetime !== undefined) reportIfEnded(operation.object, kind.name, thread);
    const access = accessOf(operation);
    let result = kind.perform(operation.object, operation.argument, thread);
    if (changes(access)) this.noteWrite(thread);
    if (!this.ablations.isEmpty && result !== MUST_WAIT) result = this.#dictate(thread, operation, result);
    if (this.sites.length > this.#lasso.from) this.#lasso.note(thread, operation, result);
    for (const observer of this.#observers) observer.onStep?.(thread, operation, result);
    return result;
  }

  chooseValue(count: number): number {
    const value = this.#strategy.pickValue(count);
    assert(value >= 0 && value < count, `strategy ${this.#strategy.name} chose value ${value} of ${count}`);
    this.values.push(value);
    return value;
  }

  foreignWrites(thread: ModelThread): number {
    return this.#writes - thread.writes;
  }

  noteWrite(thread: ModelThread): void {
    this.#writes++;
    thread.writes++;
    this.#lastWriteStep = this.sites.length;
  }

  report(oracle: string, message: string, details?: readonly string[]): void {
    this.#ending ??= { kind: "violation", oracle, message, ...(details === undefined ? {} : { details }) };
  }

  reportAside(aside: Aside): void {
    this.asides.push({ ...aside, path: copyOf(this) });
  }

  remember<T>(key: symbol, create: () => T): T {
    if (!this.#remembered.has(key)) this.#remembered.set(key, create());
    return this.#remembered.get(key) as T;
  }

  #begin(strategy: Strategy): void {
    this.#strategy = strategy;
    this.runs++;
    this.choices.length = this.values.length = this.sites.length = this.asides.length = 0;
    this.preemptions = this.#writes = this.#lastWriteStep = 0;
    this.#ending = this.#next = this.#last = this.#skipped = undefined;
    if (!this.ablations.isEmpty) {
      this.#answers.clear();
      this.ablations.beginExecution();
    }
    this.#lasso.restart();
    restartLocations();
    restartGates();
    this.#world = this.scenario.setup();
    enlist(this.#cast, this.#world, this.memory, this.threads, this.#generators);
    for (const observer of this.#observers) observer.beginExecution?.(this.threads);
    this.#isStarting = true;
    for (const thread of this.threads) this.#resume(thread);
    this.#isStarting = false;
    this.#completeStep();
    this.#next = this.#pick();
  }

  /** Lets a thread run until it is suspended or has finished. */
  #resume(thread: ModelThread): void {
    this.currentThread = thread;
    this.#next = undefined;
    let isDone: boolean | undefined;
    try {
      isDone = this.#generators[thread.id]!.next().done;
    } catch (error) {
      this.#next = undefined;
      if (error instanceof UsageError) throw error;
      // Past a reported violation the model's own assumptions no longer hold, so what it throws says nothing.
      if (this.#ending !== undefined) return;
      const text = error instanceof Error ? error.message : String(error);
      throw new InternalError(`${thread.name} threw after ${this.sites.length} steps: ${text}`, {
        cause: error,
      });
    }
    if (isDone !== true) return;
    thread.isFinished = true;
    thread.pending = undefined;
    thread.onExit?.();
    if (this.#isStarting) return;
    this.#completeStep();
    this.#next = this.#pick();
  }

  #completeStep(): void {
    if (this.#ending !== undefined || this.#strategy.isRetracing === true) return;
    const broken = this.properties.checkStep(this.#world);
    if (broken !== undefined) this.report(broken.oracle, broken.name);
  }

  #pick(): ModelThread | undefined {
    if (this.#ending !== undefined) return undefined;
    this.#findEnabled();
    if (this.#enabled.length === 0) return this.#end();
    if (this.sites.length >= this.#stepsMax) return this.#cutOff();

    const current = this.#last?.isEnabled === true ? this.#last : undefined;
    this.#point.current = current;
    const id = this.#strategy.pickThread(this.#point);
    if (id === PRUNE) {
      this.#ending = { kind: "pruned" };
      return undefined;
    }
    const picked = this.threads[id];
    // Written out, since building the message costs more than the step.
    if (picked?.isEnabled !== true) {
      throw new InternalError(`strategy ${this.#strategy.name} picked thread ${id}, which is not enabled`);
    }
    this.choices.push(id);
    if (picked.isHardware) return picked;
    if (current !== undefined && current !== picked) this.preemptions++;
    this.#last = picked;
    return picked;
  }

  /** Notes in each thread, and in the list that strategies see, whether it can run now. */
  #findEnabled(): void {
    const enabled = this.#enabled;
    let count = 0;
    for (const thread of this.threads) {
      thread.isEnabled = canRun(thread);
      if (thread.isEnabled) enabled[count++] = thread;
    }
    // Setting the length costs as much as the rest, and mostly nothing has changed.
    if (enabled.length !== count) enabled.length = count;
  }

  /** Nobody can run: all is done, or somebody waits for ever. */
  #end(): undefined {
    const waiting = this.threads.filter((thread) => !thread.isFinished && !thread.isDaemon);
    if (waiting.length === 0) {
      const broken = this.properties.checkEnd(this.#world);
      if (broken === undefined) this.#ending = { kind: "finished" };
      else this.report(broken.oracle, broken.name);
      return;
    }
    this.#ending = waitingForEver(waiting);
  }

  #cutOff(): undefined {
    const sinceWrite = this.choices.slice(this.#lastWriteStep);
    this.#ending = spinning(sinceWrite, this.#enabled) ?? this.#lasso.ending(this.#enabled);
  }

  #isSkipped(thread: ModelThread, operation: Operation<unknown>): boolean {
    const verdict = this.ablations.judge(thread, operation);
    if (verdict.kind === "answer") this.#answers.set(operation, verdict.value);
    if (verdict.kind !== "skip" || reduce(operation)) return false;
    this.#skipped = operation;
    return true;
  }

  #dictate(thread: ModelThread, operation: Operation<unknown>, result: unknown): unknown {
    const given = this.#answers.has(operation) ? this.#answers.get(operation) : result;
    if (operation.kind.access === "read") this.ablations.onRead(thread, operation, given);
    return given;
  }
}
