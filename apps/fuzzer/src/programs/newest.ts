/** The release that programs run on unless another is named, since they are about none. */

import { kernels } from "@mmrace/mm";

/** The newest one modelled. */
export const NEWEST: string = kernels.at(-1)!.id;
