/** Light, dark, or as the system is. */

import { button, forgetColours } from "./dom.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const KEY = "mmrace-report-theme";
const SIGNS: Readonly<Record<Theme, string>> = { auto: "◐ auto", light: "○ light", dark: "● dark" };

const listeners: (() => void)[] = [];

/** Calls back after the colours have changed: canvases must be drawn again. */
export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

/** The button that goes on to the next theme. */
export function themeButton(): HTMLButtonElement {
  let theme = remembered();
  const made = button("", "Colours: as the system, light, or dark", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    apply();
  });
  const apply = (): void => {
    document.documentElement.style.colorScheme = theme === "auto" ? "light dark" : theme;
    document.documentElement.dataset["theme"] = theme;
    made.textContent = SIGNS[theme];
    remember(theme);
    announce();
  };
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
  return made;
}

function announce(): void {
  forgetColours();
  for (const listener of listeners) listener();
}

// A file of its own may have no storage.
function remembered(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === found) ?? "auto";
  } catch {
    return "auto";
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then it is forgotten.
  }
}
