/** What the user should know besides the result: a line on standard error. */

export function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}
