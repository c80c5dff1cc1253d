/** Sites: where in the model an operation stands, spelled `procedure/operation kind/object class` in the kernel's words. */

import { hashText } from "./hash.ts";
import type { ObjectClass } from "./shared-object.ts";

/** One place of the model that performs operations. Found by running, never listed by hand. */
export interface Site {
  /** Name of the innermost procedure, or of the thread where no procedure is running. */
  readonly procedure: string;
  /** Name of the operation kind. */
  readonly operation: string;
  /** Name of the object's class. */
  readonly objectClass: string;
  /** `procedure/operation/class`, the address that ablations use. */
  readonly address: string;
  /** Hash of the address; equal in every process. */
  readonly hash: number;
}

/** A procedure name with its dense number in this process. */
export interface ProcedureName {
  readonly id: number;
  readonly name: string;
}

const procedures = new Map<string, ProcedureName>();
/** Indexed by class, then procedure; the inner map is keyed by kind name, of which a procedure has only a few. */
const sites: Map<string, Site>[][] = [];

/** The one record of a procedure name. */
export function procedureName(name: string): ProcedureName {
  let found = procedures.get(name);
  if (found === undefined) {
    found = { id: procedures.size, name };
    procedures.set(name, found);
  }
  return found;
}

/** The one site of a procedure, an operation kind and an object class. */
export function siteOf(procedure: ProcedureName, operation: string, objectClass: ObjectClass): Site {
  const ofClass = (sites[objectClass.id] ??= []);
  const ofProcedure = (ofClass[procedure.id] ??= new Map());
  let site = ofProcedure.get(operation);
  if (site === undefined) {
    const address = `${procedure.name}/${operation}/${objectClass.name}`;
    site = {
      procedure: procedure.name,
      operation,
      objectClass: objectClass.name,
      address,
      hash: hashText(address),
    };
    ofProcedure.set(operation, site);
  }
  return site;
}
