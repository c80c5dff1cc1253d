/** What went wrong with a file, for whoever can put it right. */

/** Words for the usual causes. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "there is no permission",
  EPERM: "it is not permitted",
  ENOTDIR: "a file stands where a directory should be",
  EEXIST: "a file stands where a directory should be",
  EISDIR: "a directory stands where a file should be",
  ENOENT: "it does not exist",
  EMFILE: "too many files are open",
};

/** A file that was named on the command line, or lies in a directory that was, and cannot be used. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    /^(open|read|write|mkdir|mkdtemp|scandir|rename|unlink|rm|close|ftruncate|stat|copyfile)$/.test(
      (error as NodeJS.ErrnoException).syscall ?? "",
    )
  );
}

/** A sentence or two: which file, what is wrong, what can be done. */
export function fileTrouble(error: NodeJS.ErrnoException): string {
  const { code = "", path } = error;
  const cause = CAUSES[code];
  const what = path === undefined ? "A file" : `The file ${path}`;
  const advice =
    code === "ENOSPC" || code === "EDQUOT"
      ? " Make room, or name a directory on another disk."
      : /^(EROFS|EACCES|EPERM|ENOTDIR|EEXIST)$/.test(code)
        ? " Name another directory, such as one of your own."
        : "";
  return `${what} cannot be used: ${cause === undefined ? error.message : `${cause}.${advice} (${error.message})`}`;
}
