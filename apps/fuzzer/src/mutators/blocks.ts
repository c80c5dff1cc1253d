/** Schedules as blocks, for mutators: the byte form taken apart and put together again. */

/** A thread and how many steps it runs. */
export interface Block {
  readonly thread: number;
  /** 1 .. 256. */
  readonly steps: number;
}

/** The blocks of a schedule. A trailing odd byte, and data choices at the end, come out as blocks too: any bytes do. */
export function toBlocks(schedule: Uint8Array): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at + 1 < schedule.length; at += 2)
    blocks.push({ thread: schedule[at]!, steps: schedule[at + 1]! + 1 });
  return blocks;
}

/** The bytes of blocks; longer ones are cut to what a byte holds. */
export function toBytes(blocks: readonly Block[]): Uint8Array {
  return Uint8Array.from(
    blocks.flatMap(({ thread, steps }) => [thread, Math.min(Math.max(steps, 1), 256) - 1]),
  );
}
