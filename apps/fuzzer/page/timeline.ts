/** The schedule on a canvas: a lane per CPU that shows when it runs, and below it what its thread holds. */

import type { HoldData, RecordingData } from "../src/report/report-data.ts";
import type { Cursor } from "./cursor.ts";
import { button, colour, element, onceAFrame } from "./dom.ts";
import { threadName } from "./names.ts";
import { onTheme } from "./theme.ts";

/** Room for the names: this much, and on narrow screens a share. */
const GUTTER_MAX = 210;
const GUTTER_SHARE = 0.36;
const RUN_HEIGHT = 22;
const HOLD_HEIGHT = 15;
const GAP = 8;
const RULER = 20;
const STEP_MAX = 40;
const FONT = "12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

/** One line of the picture. */
interface Lane {
  readonly y: number;
  readonly height: number;
  readonly label: string;
  readonly thread: number;
  /** Bars: of running, from the first step to after the last one; of holding, from the step after it was taken. */
  readonly bars: readonly {
    readonly from: number;
    readonly to: number;
    readonly mode: HoldData["mode"] | "run";
  }[];
}

/** The canvas with its zoom buttons. */
export function timelineView(recording: RecordingData, cursor: Cursor): HTMLElement {
  const timeline = new Timeline(recording, cursor);
  return element(
    "figure",
    { class: "timeline" },
    element(
      "figcaption",
      {},
      element("span", { class: "label" }, "Schedule"),
      element("span", { class: "quiet" }, "a lane per CPU; below it, the locks that its thread holds"),
      element(
        "span",
        { class: "buttons", role: "group", "aria-label": "Zoom of the schedule" },
        button("−", "Zoom out", () => timeline.zoom(1 / 1.6)),
        button("+", "Zoom in", () => timeline.zoom(1.6)),
        button("Fit", "Show the whole schedule", () => timeline.zoom(0)),
      ),
    ),
    timeline.canvas,
  );
}

/** Draws the part that is to be seen. */
class Timeline {
  readonly canvas: HTMLCanvasElement;
  readonly #recording: RecordingData;
  readonly #cursor: Cursor;
  readonly #lanes: readonly Lane[];
  readonly #height: number;
  /** Pixels of a step, and the step at the left edge. */
  #scale = 0;
  #left = 0;
  readonly #due = onceAFrame(() => this.#draw());
  /** The width of the canvas. Kept, since asking for it costs a layout. */
  #whole = 0;

  constructor(recording: RecordingData, cursor: Cursor) {
    this.#recording = recording;
    this.#cursor = cursor;
    this.#lanes = lanesOf(recording);
    const last = this.#lanes.at(-1);
    this.#height = (last === undefined ? RULER : last.y + last.height) + GAP;
    this.canvas = element("canvas", {
      role: "img",
      "aria-label": `Schedule of ${recording.steps.length} steps on ${recording.threads.length} CPUs; the slider below moves through it`,
    });
    this.canvas.style.height = `${this.#height}px`;
    const point = (event: PointerEvent): void => this.#point(event);
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      point(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) point(event);
    });
    this.canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => {
      this.#whole = this.canvas.clientWidth;
      this.#draw();
    }).observe(this.canvas);
    onTheme(() => this.#due());
    cursor.follow((step) => {
      this.#show(step);
      this.#due();
    });
  }

  /** Zooms around the present step; 0 shows all. */
  zoom(by: number): void {
    const before = this.#pixels;
    this.#scale = by === 0 ? 0 : Math.min(STEP_MAX, Math.max(before * by, this.#fit));
    const { step } = this.#cursor;
    // The step stays where it is on the screen.
    this.#scroll(step - ((step - this.#left) * before) / this.#pixels);
    this.#show(step);
    this.#due();
  }

  get #gutter(): number {
    return Math.min(GUTTER_MAX, this.#whole * GUTTER_SHARE);
  }

  get #width(): number {
    return Math.max(this.#whole - this.#gutter, 1);
  }

  get #fit(): number {
    return Math.min(STEP_MAX, this.#width / this.#recording.steps.length);
  }

  get #pixels(): number {
    return Math.max(this.#scale, this.#fit);
  }

  #scroll(left: number): void {
    this.#left = Math.max(0, Math.min(left, this.#recording.steps.length - this.#width / this.#pixels));
  }

  /** Scrolls so that a step can be seen. */
  #show(step: number): void {
    const seen = this.#width / this.#pixels;
    if (step < this.#left || step + 1 > this.#left + seen) this.#scroll(step - seen / 2);
    else this.#scroll(this.#left);
  }

  #point({ clientX }: PointerEvent): void {
    const x = clientX - this.canvas.getBoundingClientRect().left - this.#gutter;
    if (x >= 0) this.#cursor.move(Math.floor(this.#left + x / this.#pixels));
  }

  #wheel(event: WheelEvent): void {
    if (event.ctrlKey) {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
    } else if (event.deltaX !== 0) {
      event.preventDefault();
      this.#scroll(this.#left + event.deltaX / this.#pixels);
      this.#due();
    }
  }

  #draw(): void {
    if (!this.canvas.isConnected || this.#whole === 0) return;
    const { devicePixelRatio: ratio } = window;
    this.canvas.width = this.#whole * ratio;
    this.canvas.height = this.#height * ratio;
    const pen = this.canvas.getContext("2d")!;
    pen.scale(ratio, ratio);
    pen.font = FONT;
    pen.textBaseline = "middle";
    this.#drawRuler(pen);
    for (const lane of this.#lanes) this.#drawLane(pen, lane);
    this.#drawCursor(pen);
  }

  #drawRuler(pen: CanvasRenderingContext2D): void {
    const end = Math.min(this.#recording.steps.length, this.#left + this.#width / this.#pixels);
    const every =
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((n) => n * this.#pixels >= 56) ?? 10_000;
    pen.fillStyle = colour("quiet");
    pen.textAlign = "center";
    for (let step = Math.ceil(this.#left / every) * every; step < end; step += every) {
      pen.fillText(String(step), this.#x(step + 0.5), RULER / 2);
    }
    pen.textAlign = "left";
  }

  #drawLane(pen: CanvasRenderingContext2D, lane: Lane): void {
    const { y, height, thread, label } = lane;
    const isRun = height === RUN_HEIGHT;
    pen.fillStyle = colour(isRun ? "text" : "quiet");
    pen.font = isRun ? `600 ${FONT}` : FONT;
    pen.fillText(fitting(pen, label, this.#gutter - (isRun ? 12 : 26)), isRun ? 2 : 16, y + height / 2);
    pen.font = FONT;
    pen.fillStyle = colour("lane");
    pen.fillRect(this.#gutter, y + height / 2 - 0.5, this.#width, 1);
    const [solid, faint] = [colour(`thread-${thread % 8}`), colour(`thread-${thread % 8}-faint`)];
    const right = this.#left + this.#width / this.#pixels;
    for (const { from, to, mode } of lane.bars) {
      if (to < this.#left || from > right) continue;
      const x = Math.max(this.#x(from), this.#gutter);
      // Something that was there must be seen, however small.
      const width = Math.max(
        Math.min(this.#x(to), this.#gutter + this.#width) - x - (this.#pixels > 3 ? 1 : 0),
        1,
      );
      pen.fillStyle = mode === "read" || mode === "section" ? faint : solid;
      pen.fillRect(x, y + (isRun ? 0 : 2), width, height - (isRun ? 0 : 4));
      if (mode !== "section") continue;
      pen.strokeStyle = solid;
      pen.strokeRect(x + 0.5, y + 2.5, Math.max(width - 1, 1), height - 5);
    }
  }

  #drawCursor(pen: CanvasRenderingContext2D): void {
    const x = this.#x(this.#cursor.step);
    if (x < this.#gutter - 1) return;
    const width = Math.max(this.#pixels, 2);
    pen.fillStyle = colour("cursor");
    pen.globalAlpha = 0.25;
    pen.fillRect(x, 0, width, this.#height);
    pen.globalAlpha = 1;
    pen.fillRect(x + width / 2 - 1, 0, 2, this.#height);
  }

  #x(step: number): number {
    return this.#gutter + (step - this.#left) * this.#pixels;
  }
}

/** For each thread that runs, its runs; then the names of what it holds, each with the times. */
function lanesOf({ threads, steps, holds, texts }: RecordingData): readonly Lane[] {
  const lanes: Lane[] = [];
  let y = RULER;
  const add = (lane: Omit<Lane, "y">): void => {
    lanes.push({ ...lane, y });
    y += lane.height;
  };
  const runs: { from: number; to: number; mode: "run" }[][] = threads.map(() => []);
  steps.forEach(({ thread }, step) => {
    const last = runs[thread]!.at(-1);
    if (last?.to === step) last.to++;
    else runs[thread]!.push({ from: step, to: step + 1, mode: "run" });
  });
  threads.forEach(({ name, cpu }, thread) => {
    if (runs[thread]!.length === 0) return;
    add({ height: RUN_HEIGHT, label: threadName({ name, cpu }), thread, bars: runs[thread]! });
    const own = holds.filter((hold) => hold.thread === thread);
    for (const held of new Set(own.map((hold) => hold.name))) {
      const bars = own
        .filter((hold) => hold.name === held)
        .map(({ from, to, mode }) => ({ from: from + 1, to: to + 1, mode }));
      add({ height: HOLD_HEIGHT, label: texts[held]!, thread, bars });
    }
    y += GAP;
  });
  return lanes;
}

/** As much of a text as fits. */
function fitting(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 0 && pen.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length)}…`;
}
