/** The report page in a real browser, from a file: what a user would click, type and see. Needs a build. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReport } from "../../src/report/report-builder.ts";
import { reportPage } from "../../src/report/report-page.ts";
import { findBrowser, launch, openFile, type Complaints } from "../browser.ts";
import { longReport } from "../long-report.ts";
import { mmrace } from "../run.ts";

const program = findBrowser();

/** Answers as `mmrace why` keeps them; a damaged file among them. */
function writeAnswers(folder: string): void {
  const asked = { kernel: "6.12", scenarios: ["mremap-vs-retract"], preemptionsMax: 2 };
  const finding = {
    scenario: "mremap-vs-retract",
    oracle: "table shape",
    message: "it is bent",
    token: "mmr1.token",
  };
  const common = { executions: 12, complete: true, leftOut: [] };
  const needed = { ...common, verdict: "needed", finding: { ...finding, preemptions: 1, steps: 34 } };
  const answers = [
    { ...needed, asked: { ...asked, sites: ["move_normal_pmd/read_once/pmd/2"] } },
    {
      ...common,
      verdict: "not needed within bound",
      asked: { ...asked, sites: ["move_normal_pmd/spin_lock/pmd_lock"] },
    },
  ];
  mkdirSync(folder);
  answers.forEach((answer, at) => writeFileSync(join(folder, `${at}.json`), JSON.stringify(answer)));
  writeFileSync(join(folder, "2.json"), "{ damaged");
}

describe.skipIf(program === undefined)("the report page", () => {
  let folder = "";
  let context: BrowserContext;
  let page: Page;
  let complaints: Complaints;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mmrace-report-"));
    const out = join(folder, "campaign");
    await mmrace("fuzz", "T1-02", "T1-01", "--executions", "1500", "--out", out);
    writeAnswers(join(out, "why"));
    const run = await mmrace("report", out);
    expect(run.text).toMatch(/^3 findings and 2 campaigns, with 2 answers about guards, are in /);
    context = await launch(program!);
    ({ page, complaints } = await openFile(context, join(out, "report.html")));
  }, 120_000);
  afterAll(async () => {
    await context.browser()?.close();
    rmSync(folder, { recursive: true });
  });

  const step = (): Promise<string> => page.locator(".step-number").innerText();
  const stepWords = (): Promise<string> => page.locator(".step-words").innerText();

  /** The list of columns is drawn once a frame, so the frame after the last key is waited for. */
  async function drawn(): Promise<void> {
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(drawn))");
  }

  /** Opens the finding that an oracle has made, and goes to its first step. */
  async function choose(oracle: string): Promise<void> {
    await page.getByRole("list", { name: "Findings" }).getByRole("button", { name: oracle }).click();
    await page.getByRole("slider", { name: "Step" }).press("Home");
  }

  test("comes from a file, alone, and complains about nothing", async () => {
    await page.waitForSelector(".chart canvas");
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("mmrace campaign");
    expect(await page.locator(".tile.alarm dd").innerText()).toBe("3");
    expect(await page.getByRole("region").count()).toBeGreaterThanOrEqual(3);
    expect(complaints).toEqual({ errors: [], requests: [] });
  });

  test("the slider goes through the steps by keyboard, and everything follows", async () => {
    await choose("table shape");
    const slider = page.getByRole("slider", { name: "Step" });
    expect(await step()).toMatch(/^Step 0 of \d+$/);
    await slider.press("ArrowRight");
    expect(await step()).toMatch(/^Step 1 of/);
    await slider.press("Shift+ArrowRight");
    expect(await stepWords()).toMatch(/CPU1 collapse/);
    await drawn();
    const line = await page.locator(".line.current").innerText();
    expect(line).toContain(await page.locator(".step-words code").innerText());
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^Step \d+, CPU1 collapse: /);
    await slider.press("Shift+ArrowLeft");
    expect(await stepWords()).toMatch(/CPU0 mremap/);
  });

  test("the page tables before and after the step that takes a table away", async () => {
    await choose("table shape");
    await drawn();
    await page.locator(".list-box").getByText("xchg(mm1 pmd[0], none)").click();
    expect(await stepWords()).toMatch(/xchg\(mm1 pmd\[0\], none\) = table pfn 0x101.*holds .*pml of mm1/s);
    const changed = (when: string): Promise<string[]> =>
      page
        .getByRole("region", { name: `Page tables ${when} the step` })
        .locator("li.changed")
        .allInnerTexts();
    expect(await changed("before")).toEqual([expect.stringMatching(/^0\s+table pfn 0x101\s+P RW US A D$/)]);
    expect(await changed("after")).toEqual([expect.stringMatching(/^0\s+none$/)]);
    // The line from the entry to its table goes with the entry.
    expect(await page.locator(".picture:first-child .links path").count()).toBe(1);
    expect(await page.locator(".picture:last-child .links path").count()).toBe(0);
  });

  test("a click on the schedule goes to the step there, and zooming keeps it in sight", async () => {
    await choose("table shape");
    const canvas = page.locator(".timeline canvas");
    const box = (await canvas.boundingBox())!;
    await canvas.click({ position: { x: box.width - 4, y: 30 } });
    const [, at, last] = /^Step (\d+) of (\d+)$/.exec(await step())!;
    expect(at).toBe(last);
    for (let i = 0; i < 4; i++) await page.getByRole("button", { name: "Zoom in" }).click();
    await canvas.click({ position: { x: box.width - 4, y: 30 } });
    expect(Number(/\d+/.exec(await step())![0])).toBeGreaterThan(Number(last) - 3);
    await page.getByRole("button", { name: "Show the whole schedule" }).click();
  });

  test("the CPU columns are copied as the command line prints them", async () => {
    await choose("lost entry");
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: /^Copy the CPU columns/ }).click();
    await page.getByText("Copied").waitFor();
    const findings = join(folder, "campaign", "findings");
    const slug = readdirSync(findings).find((name) => name.startsWith("lost-entry"))!;
    const columns = readFileSync(join(findings, slug, "columns.txt"), "utf8");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(columns.trimEnd());
  });

  test("the list of findings and the columns are gone through by keyboard", async () => {
    await choose("kernel assertion");
    const entries = page.getByRole("list", { name: "Findings" }).getByRole("button");
    await entries.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await page.locator(".finding-head h3").innerText()).toMatch(/^lost entry/);
    const columns = page.getByRole("listbox", { name: "Steps, as CPU columns" });
    await columns.focus();
    await page.keyboard.press("Home");
    for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
    expect(await step()).toMatch(/^Step 1 of/);
    await page.keyboard.press("End");
    const [active] = await page.getByRole("option", { selected: true }).all();
    expect(await active!.getAttribute("id")).toBe(await columns.getAttribute("aria-activedescendant"));
    // Whoever tabs through sees where they are.
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
  });

  test("coverage over executions and seconds, and as numbers", async () => {
    const section = page.locator("#coverage");
    expect(await section.locator(".u-legend").innerText()).toMatch(/reads-from.*lock hand-over.*findings/s);
    for (const axis of ["executions", "seconds"]) {
      await section.getByLabel("Over", { exact: true }).selectOption(axis);
      expect(await section.locator(".u-legend").innerText()).toMatch(new RegExp(`^${axis}`));
    }
    expect(await section.locator("canvas").getAttribute("aria-label")).toMatch(
      /^After 1,500 executions: \d+ /,
    );
    await section.getByText("The same as numbers").click();
    expect(await section.locator("tbody tr").last().innerText()).toMatch(/^1,500\s/);
    await section.getByLabel("Campaign").selectOption({ index: 1 });
    expect(await section.locator("tbody tr").last().innerText()).toMatch(/\s1$/);
  });

  test("procedures that met, by pointer and by arrow keys", async () => {
    const section = page.locator("#procedures");
    await section.locator("td.hot").first().hover();
    const words = section.getByRole("status");
    expect(await words.innerText()).toMatch(/^\w+ → \w+: \d+ pairs? of sites, in \d+ schedules? of \d+$/);
    await section.locator("[tabindex='0']").last().focus();
    const before = await words.innerText();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    expect(await words.innerText()).not.toBe(before);
    await section.getByLabel("Edges").selectOption("lock hand-over");
    expect(await section.locator("td.hot").count()).toBeGreaterThan(0);
  });

  test("what guards are for, searched", async () => {
    const section = page.locator("#why");
    const rows = section.locator("tbody tr");
    expect(await rows.count()).toBe(2);
    await section.getByLabel("Search guards").fill("PMD_LOCK");
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringMatching(/^move_normal_pmd\/spin_lock\/pmd_lock\s+6\.12\s+not needed within bound/),
    ]);
    await section.getByLabel("Search guards").fill("");
    await section.getByLabel("Verdict").selectOption("needed");
    await section.getByRole("button", { name: /^Copy the command that replays this counter/ }).click();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("npx mmrace replay mmr1.token");
    expect(await section.getByRole("status").innerText()).toBe("1 of 2 answers");
  });

  test("light, dark, and as the system is; canvases too", async () => {
    const back = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const pixels = (): Promise<unknown> =>
      page.evaluate("document.querySelector('.timeline canvas').toDataURL().length");
    const toggle = page.getByRole("button", { name: /^Colours/ });
    const light = await back();
    const lightPixels = await pixels();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await back();
    expect(dark).not.toBe(light);
    await page.waitForFunction(
      `document.querySelector('.timeline canvas').toDataURL().length !== ${String(lightPixels)}`,
    );
    await toggle.click();
    expect([await toggle.innerText(), await back()]).toEqual(["○ light", light]);
    await page.emulateMedia({ colorScheme: "light" });
    await toggle.click();
    expect([await toggle.innerText(), await back()]).toEqual(["● dark", dark]);
    await toggle.click();
    expect(await back()).toBe(light);
  });

  test("every control has a name, and the page fits a phone", async () => {
    const nameless = `[...document.querySelectorAll("button, select, input, [tabindex='0']")].filter((one) =>
      !(one.getAttribute("aria-label") || one.textContent.trim())).map((one) => one.outerHTML)`;
    expect(await page.evaluate(nameless)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1440, height: 1000 });
    expect(complaints).toEqual({ errors: [], requests: [] });
  });

  describe("with 10,000 steps", () => {
    beforeAll(async () => {
      const file = join(folder, "long.html");
      writeFileSync(file, reportPage(longReport(buildReport(join(folder, "campaign")), 10_000)));
      ({ page, complaints } = await openFile(context, file));
    });

    test("holds in the document what is to be seen, and no more", async () => {
      expect(await step()).toBe("Step 9999 of 9999");
      expect(await page.locator("*").count()).toBeLessThan(2000);
      const slider = page.getByRole("slider", { name: "Step" });
      await slider.press("Home");
      await slider.press("PageUp");
      expect(Number(/\d+/.exec(await step())![0])).toBeGreaterThan(500);
      await drawn();
      expect(await page.locator(".line.current").count()).toBe(1);
      await page.evaluate(
        "{ const box = document.querySelector('.list-box'); box.scrollTop = box.scrollHeight / 2; }",
      );
      const middle = page.locator(".line .step", { hasText: /^5\d\d\d$/ }).first();
      await middle.click();
      expect(await step()).toMatch(/^Step 5\d\d\d of 9999$/);
      expect(await page.locator("*").count()).toBeLessThan(2000);
    });

    test("the schedule is zoomed to single steps", async () => {
      for (let i = 0; i < 14; i++) await page.getByRole("button", { name: "Zoom in" }).click();
      const canvas = page.locator(".timeline canvas");
      const box = (await canvas.boundingBox())!;
      const before = Number(/\d+/.exec(await step())![0]);
      await canvas.click({ position: { x: box.width - 4, y: 30 } });
      const after = Number(/\d+/.exec(await step())![0]);
      expect(after - before).toBeGreaterThan(2);
      expect(after - before).toBeLessThan(60);
    });

    test("words that look like markup stay words", async () => {
      expect(await page.locator(".finding-head h3").innerText()).toContain("</script><b>not bold</b>");
      expect(complaints).toEqual({ errors: [], requests: [] });
    });
  });
});
