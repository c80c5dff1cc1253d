/** A headless browser for tests: the machine's own, since the package that drives it brings none. */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";

/** The same names as in scripts/browser.mjs, which installs one in CI. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Nothing may be fetched, and nothing of the user's own profile is touched. */
const SWITCHES = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The program, or nothing where there is none. @throws in CI: there a test that is left out would not be noticed. */
export function findBrowser(): string | undefined {
  const { MMRACE_BROWSER, PATH = "", CI } = process.env;
  const places = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = MMRACE_BROWSER ?? places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const advice = "Install one (sudo apt-get install chromium), or name a program in MMRACE_BROWSER.";
  if (CI === "true") throw new Error(`No browser for the report page, and this is CI. ${advice}`);
  console.warn(
    `\n*** SKIPPED: the report page is not tested, as this machine has no browser. ${advice} ***\n`,
  );
  return undefined;
}

/** What a page has complained about, or asked for, besides itself. */
export interface Complaints {
  readonly errors: string[];
  readonly requests: string[];
}

/** A browser with a fresh profile, which goes with it. Close it by `browser()`. */
export async function launch(program: string): Promise<BrowserContext> {
  const browser = await chromium.launch({ executablePath: program, args: SWITCHES });
  return await browser.newContext({ viewport: { width: 1440, height: 1000 }, colorScheme: "light" });
}

/** Opens a file, and listens to what goes wrong in it. */
export async function openFile(
  context: BrowserContext,
  file: string,
): Promise<{ readonly page: Page; readonly complaints: Complaints }> {
  const page = await context.newPage();
  const complaints: Complaints = { errors: [], requests: [] };
  page.on("pageerror", ({ message }) => complaints.errors.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.errors.push(message.text());
  });
  page.on("request", (request) => {
    if (request.url() !== `file://${file}`) complaints.requests.push(request.url());
  });
  await page.goto(`file://${file}`);
  return { page, complaints };
}
