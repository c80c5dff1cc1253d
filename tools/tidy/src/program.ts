/** The typed program of the whole repository, as the root tsconfig.json describes it. */

import ts from "typescript";
import { root } from "./source-file.ts";

/** Loads all files with their types, from sources. */
export function repositoryProgram(): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createProgram(fileNames, options);
}

/** A program of files in memory, for tests of the rules. */
export function memoryProgram(files: Readonly<Record<string, string>>): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => path in files || fileExists(path);
  host.directoryExists = () => true;
  host.readFile = (path) => files[path] ?? readFile(path);
  host.getSourceFile = (path, language) => {
    const text = files[path];
    return text === undefined
      ? getSourceFile(path, language)
      : ts.createSourceFile(path, text, language, true);
  };
  return ts.createProgram(Object.keys(files), options, host);
}
