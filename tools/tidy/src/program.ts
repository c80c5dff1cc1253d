/** Programs with types: of the whole repository, and of files in memory for tests of the rules. */

import ts from "typescript";
import { root } from "./source-file.ts";

/** Loads files of the repository with their types, from sources, as the root tsconfig.json describes. */
export function repositoryProgram(paths: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createProgram(
    paths.map((path) => root + path),
    options,
  );
}

/** Loads files that exist in memory only; they can import each other and the standard library. */
export function memoryProgram(files: Readonly<Record<string, string>>): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.NodeNext,
    strict: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    directoryExists: () => true,
    fileExists: (path) => path in files || disk.fileExists(path),
    readFile: (path) => files[path] ?? disk.readFile(path),
    getSourceFile: (path, language) => {
      const text = files[path];
      return text === undefined
        ? disk.getSourceFile(path, language)
        : ts.createSourceFile(path, text, language, true);
    },
  };
  return ts.createProgram(Object.keys(files), options, host);
}
