/** Moving through the steps of an execution, by mouse or keyboard, and what the step is. */

import type { RecordingData } from "../src/report/report-data.ts";
import type { Cursor } from "./cursor.ts";
import { button, element } from "./dom.ts";
import { threadName } from "./names.ts";

/** Buttons, slider, and a line in words. */
export function scrubber(recording: RecordingData, cursor: Cursor): HTMLElement {
  const { steps, texts, threads } = recording;
  const slider = element("input", {
    type: "range",
    min: 0,
    max: cursor.steps - 1,
    step: 1,
    "aria-label": "Step",
    class: "slider",
  });
  slider.addEventListener("input", () => cursor.move(Number(slider.value)));
  // The arrow keys move by one step; these go from one switch of threads to the next.
  slider.addEventListener("keydown", (event) => {
    if (!event.shiftKey || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
    event.preventDefault();
    cursor.move(nextSwitch(recording, cursor.step, event.key === "ArrowRight" ? 1 : -1));
  });
  const what = element("p", { class: "step-words", role: "status", "aria-live": "polite" });
  cursor.follow((step) => {
    const { thread, site, text } = steps[step]!;
    const { name, cpu } = threads[thread]!;
    slider.value = String(step);
    slider.setAttribute("aria-valuetext", `Step ${step}, ${threadName({ name, cpu })}: ${texts[text]}`);
    const held = heldAfter(recording, step, thread);
    what.replaceChildren(
      element("span", { class: "step-number" }, `Step ${step} of ${cursor.steps - 1}`),
      element("span", { class: `thread thread-${thread % 8}` }, threadName({ name, cpu })),
      element("code", {}, texts[text]!),
      element("span", { class: "quiet site" }, texts[site]!),
      element(
        "span",
        { class: "quiet" },
        held.length === 0 ? "then holds nothing" : `then holds ${held.join(", ")}`,
      ),
    );
  });
  const go = (label: string, title: string, to: () => number): HTMLButtonElement =>
    button(label, title, () => cursor.move(to()));
  return element(
    "div",
    { class: "scrubber" },
    element(
      "div",
      { class: "buttons", role: "group", "aria-label": "Go to a step" },
      go("|◀", "First step", () => 0),
      go("⇤", "Previous switch of threads (Shift and left arrow)", () =>
        nextSwitch(recording, cursor.step, -1),
      ),
      go("◀", "Previous step (left arrow)", () => cursor.step - 1),
      go("▶", "Next step (right arrow)", () => cursor.step + 1),
      go("⇥", "Next switch of threads (Shift and right arrow)", () => nextSwitch(recording, cursor.step, 1)),
      go("▶|", "Last step", () => cursor.steps - 1),
    ),
    slider,
    what,
  );
}

/** The first step of the next block of another thread, or of this block and the one before it. */
export function nextSwitch({ steps }: RecordingData, from: number, by: 1 | -1): number {
  for (let at = from + by; at > 0 && at < steps.length; at += by)
    if (steps[at]!.thread !== steps[at - 1]!.thread) return at;
  return by === 1 ? steps.length - 1 : 0;
}

function heldAfter({ holds, texts }: RecordingData, step: number, thread: number): readonly string[] {
  return holds
    .filter((hold) => hold.thread === thread && hold.from <= step && step < hold.to)
    .map(({ name, mode }) => `${texts[name]}${mode === "read" ? " (read)" : ""}`);
}
