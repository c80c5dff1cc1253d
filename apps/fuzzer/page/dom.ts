/** Making elements, and asking the style for colours. */

/** Attributes, and listeners under names that begin with `on`. */
export type Attributes = Readonly<
  Record<string, string | number | boolean | undefined | ((event: never) => void)>
>;

/** What an element can contain. */
export type Child = Node | string;

/** An element. `true` is an attribute without a value; `false` and `undefined` leave it away. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** An element of a drawing. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

function setAttributes(made: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value as EventListener);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A button that says what it does. */
export function button(label: string, title: string, onclick: () => void, className = ""): HTMLButtonElement {
  return element("button", { type: "button", title, "aria-label": title, class: className, onclick }, label);
}

/** Asking for a colour costs a layout, and a drawing asks for many. */
const colours = new Map<string, string>();

/** What a colour of the style is at present, for canvases. */
export function colour(name: string): string {
  let known = colours.get(name);
  if (known === undefined) {
    const probe = element("span");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    known = getComputedStyle(probe).color;
    probe.remove();
    colours.set(name, known);
  }
  return known;
}

/** After the theme has changed they are others. */
export function forgetColours(): void {
  colours.clear();
}

/** `1,234`. */
export function number(value: number): string {
  return value.toLocaleString("en");
}

/** `1 finding`, `2 findings`. */
export function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A table with a row of heads above its body. */
export function table(heads: readonly string[], body: HTMLTableSectionElement): HTMLTableElement {
  const cells = heads.map((head) => element("th", { scope: "col" }, head));
  return element("table", {}, element("thead", {}, element("tr", {}, ...cells)), body);
}

/** Draws at the next frame, once however often it is asked to. */
export function onceAFrame(draw: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  };
}

/** A button that puts a text on the clipboard, and says so. */
export function copyButton(label: string, title: string, text: () => string): HTMLButtonElement {
  const made = button(label, title, () => {
    void copy(text()).then((isCopied) => {
      made.textContent = isCopied ? "Copied" : "Not copied";
      setTimeout(() => (made.textContent = label), 1500);
    });
  });
  return made;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without permission the old way may still do.
    const area = element("textarea", { class: "offscreen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    // oxlint-disable-next-line typescript/no-deprecated
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}
