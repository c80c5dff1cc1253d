/** Lists to choose from. */

import { element } from "./dom.ts";

/** A list to choose from. */
export function chooser(name: string, choices: readonly string[], onchange: () => void): HTMLSelectElement {
  return element(
    "select",
    { "aria-label": name, onchange },
    ...choices.map((choice) => element("option", {}, choice)),
  );
}

/** A list with its name before it. */
export function label(list: HTMLSelectElement): HTMLElement {
  return element("label", {}, element("span", {}, list.getAttribute("aria-label") ?? ""), list);
}
