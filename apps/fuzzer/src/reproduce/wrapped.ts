/** Long lines in comments of C. */

/** Lines of at most so many characters, cut at blanks. */
export function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  // What follows the first line of an item of a list stands under its text.
  const indent = " ".repeat(/^(?:- |\d+\. )?/.exec(line)![0].length);
  let rest = line;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(" ", width);
    if (blank <= indent.length) break;
    lines.push(rest.slice(0, blank));
    rest = `${indent}${rest.slice(blank + 1)}`;
  }
  return [...lines, rest];
}
