/** The workers of other processes and machines, for a hunt over generated programs: each program is a job of its own. */

import {
  NOTHING,
  type HuntSettings,
  type ProgramRunner,
  type ProgramTask,
  type TaskResult,
  type Tell,
} from "../programs/program-task.ts";
import { whileWaiting, type JobDesk } from "./job-desk.ts";
import { programShard, programShardName, readProgramAnswer } from "./program-shard.ts";

/** Whoever has nothing to do in some other place. */
export class QueueRunner implements ProgramRunner {
  readonly isThread = false;
  readonly #desk: JobDesk;
  readonly #settings: HuntSettings;
  #cutShort: string | undefined;

  constructor(desk: JobDesk, settings: HuntSettings) {
    this.#desk = desk;
    this.#settings = settings;
  }

  /** One that is cut short stays in the queue: the same command finds there what has become of it. */
  async run(task: ProgramTask, tell: Tell): Promise<TaskResult> {
    const shard = programShard(this.#settings, task);
    const name = programShardName(shard);
    let progress: TaskResult["progress"] | undefined;
    const look = async (): Promise<boolean> => {
      progress = await this.#desk.look(name, shard, readProgramAnswer);
      return progress !== undefined;
    };
    await this.#desk.lookUntil(look, tell);
    if (progress === undefined) {
      this.#cutShort = name;
      return { isWhole: false, progress: NOTHING };
    }
    await whileWaiting(this.#desk.forget([name]), tell);
    return { isWhole: true, progress };
  }

  async close(isSaved: boolean): Promise<void> {
    const name = this.#cutShort;
    // A server that is away is not waited for: it forgets by itself, after a day.
    if (name !== undefined && !isSaved) await whileWaiting(this.#desk.forget([name]), () => true);
  }
}
