/** The C compiler of the machine: generated programs are compiled with it, and run. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread"];

/**
 * Whether there is a compiler. In CI one must be there.
 *
 * @throws {Error} in CI without one.
 */
export function hasCompiler(): boolean {
  if (spawnSync("cc", ["--version"]).status === 0) return true;
  const message = "there is no C compiler (cc) here, so no generated program is compiled";
  if (process.env["CI"] !== undefined) throw new Error(`${message}: CI must have one`);
  process.stderr.write(`\n*** ${message}. Install gcc, or trust CI. ***\n\n`);
  return false;
}

/** Compiles a program. Answers its path. @throws {Error} with what the compiler says. */
export function compiled(folder: string, name: string, program: string): string {
  const [source, binary] = [join(folder, `${name}.c`), join(folder, name)];
  writeFileSync(source, program);
  const { status, stderr } = spawnSync("cc", [...FLAGS, "-o", binary, source], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cc ${FLAGS.join(" ")} ${name}.c: ${stderr}`);
  return binary;
}
