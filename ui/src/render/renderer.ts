// What drawing needs of a surface, and nothing more: rectangles, text, lines and curves in CSS pixels.
// Draw code knows only this interface, so tests look at a list of calls instead of pixels.
//
// A zoomed-out timeline has a box for every pixel of every row, tens of thousands in a frame, and a canvas takes longer
// over that many rectangles than a frame may last. Boxes of few pixels are therefore written into bands, images as wide
// as the canvas, which are painted with one call each.

import { colorOfBits } from "./palette.ts";

/** Pixels of the screen over the whole width; what is not filled stays as it is beneath. */
export interface Band {
  /** Pixels of the screen in one CSS pixel. */
  readonly density: number;
  readonly lines: number;
  /** Fills pixels of the band, from `left` up to but not with `right`; lines count from its top. */
  fill(left: number, right: number, top: number, bottom: number, bits: number): void;
}

export interface Renderer {
  fillRect(x: number, y: number, width: number, height: number, color: string): void;
  strokeRect(x: number, y: number, width: number, height: number, color: string, lineWidth: number): void;
  text(x: number, y: number, text: string, color: string, align?: "left" | "center" | "right"): void;
  line(points: readonly (readonly [number, number])[], color: string, lineWidth: number): void;
  polygon(points: readonly (readonly [number, number])[], color: string): void;
  curve(x1: number, y1: number, x2: number, y2: number, color: string, lineWidth: number): void;
  /** Everything drawn by `body` stays inside the rectangle. */
  clipped(x: number, y: number, width: number, height: number, body: () => void): void;
  alpha(value: number, body: () => void): void;
  /**
   * A band of a width and height in CSS pixels, which the next `paintBands` paints. A `flat` one has a single line,
   * which is the same over the whole height; another one has every line of the screen.
   */
  band(y: number, width: number, height: number, kind: "flat" | "fine"): Band;
  /** Paints the bands that were made since the last call. */
  paintBands(): void;
  measure(text: string): number;
}

/** The image that bands of a canvas are written into, below each other; it grows with them and serves every frame. */
class BandSheet {
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d", { willReadFrequently: true })!;
  private image = new ImageData(1, 1);
  private pixels = new Uint32Array(this.image.data.buffer);
  private lines = 0;
  private places: { y: number; height: number; first: number; lines: number }[] = [];

  /** Forgets bands that were not painted. */
  clear(): void {
    this.places = [];
    this.lines = 0;
  }
  /** One line is enough for what is the same over the whole height. */
  band(y: number, width: number, height: number, lines: number, density: number): Band {
    const across = Math.max(1, Math.round(width * density));
    const first = this.lines;
    this.places.push({ y, height, first, lines });
    this.lines += lines;
    this.grow(across);
    this.pixels.fill(0, first * across, this.lines * across);
    const fill = (left: number, right: number, top: number, bottom: number, bits: number) => {
      const from = Math.max(0, left);
      const to = Math.min(across, right);
      for (let line = Math.max(0, top); line < Math.min(lines, bottom); line++) {
        const start = (first + line) * across;
        for (let x = from; x < to; x++) this.pixels[start + x] = bits;
      }
    };
    return { density, lines, fill };
  }
  private grow(across: number): void {
    if (this.image.width === across && this.image.height >= this.lines) return;
    const image = new ImageData(across, 2 ** Math.ceil(Math.log2(Math.max(64, this.lines))));
    const pixels = new Uint32Array(image.data.buffer);
    if (this.image.width === across) pixels.set(this.pixels);
    [this.image, this.pixels] = [image, pixels];
    this.canvas.width = image.width;
    this.canvas.height = image.height;
  }
  paint(onto: CanvasRenderingContext2D, density: number): void {
    if (this.places.length === 0) return;
    const { width } = this.image;
    this.context.putImageData(this.image, 0, 0, 0, 0, width, this.lines);
    onto.imageSmoothingEnabled = false;
    for (const { y, height, first, lines } of this.places)
      onto.drawImage(this.canvas, 0, first, width, lines, 0, y, width / density, height);
    this.clear();
  }
}

export const CANVAS_FONT = '11px "Inter", system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';

export class CanvasRenderer implements Renderer {
  private readonly context: CanvasRenderingContext2D;
  private readonly widths = new Map<string, number>();
  private readonly canvas: HTMLCanvasElement;
  private readonly sheet = new BandSheet();
  private density = 1;
  /** What the canvas fills with: reading a colour costs more than many a rectangle. */
  private fill = "";
  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d")!;
  }
  /** Starts a frame of the given size in CSS pixels; the backing store follows the screen's density. */
  begin(width: number, height: number, background: string): void {
    const density = window.devicePixelRatio || 1;
    const deviceWidth = Math.max(1, Math.round(width * density));
    const deviceHeight = Math.max(1, Math.round(height * density));
    if (this.canvas.width !== deviceWidth || this.canvas.height !== deviceHeight) {
      this.canvas.width = deviceWidth;
      this.canvas.height = deviceHeight;
    }
    this.density = density;
    this.sheet.clear();
    const c = this.context;
    c.setTransform(density, 0, 0, density, 0, 0);
    c.globalAlpha = 1;
    this.fill = "";
    this.fillWith(background);
    c.fillRect(0, 0, width, height);
    c.font = CANVAS_FONT;
    // No ligatures: a font may turn the x of 128x64 into another sign, and names are shown as they are.
    c.textRendering = "optimizeSpeed";
    c.textBaseline = "middle";
    c.textAlign = "left";
  }
  private fillWith(color: string): void {
    if (color === this.fill) return;
    this.fill = color;
    this.context.fillStyle = color;
  }
  fillRect(x: number, y: number, width: number, height: number, color: string): void {
    this.fillWith(color);
    this.context.fillRect(x, y, width, height);
  }
  strokeRect(x: number, y: number, width: number, height: number, color: string, lineWidth: number): void {
    this.context.strokeStyle = color;
    this.context.lineWidth = lineWidth;
    this.context.strokeRect(x, y, width, height);
  }
  text(x: number, y: number, text: string, color: string, align: "left" | "center" | "right" = "left"): void {
    this.fillWith(color);
    this.context.textAlign = align;
    this.context.fillText(text, x, y);
  }
  private path(points: readonly (readonly [number, number])[]): void {
    this.context.beginPath();
    points.forEach(([x, y], i) => (i === 0 ? this.context.moveTo(x, y) : this.context.lineTo(x, y)));
  }
  line(points: readonly (readonly [number, number])[], color: string, lineWidth: number): void {
    this.path(points);
    this.context.strokeStyle = color;
    this.context.lineWidth = lineWidth;
    this.context.stroke();
  }
  polygon(points: readonly (readonly [number, number])[], color: string): void {
    this.path(points);
    this.context.closePath();
    this.fillWith(color);
    this.context.fill();
  }
  curve(x1: number, y1: number, x2: number, y2: number, color: string, lineWidth: number): void {
    const bend = Math.max(24, Math.min(120, Math.abs(x2 - x1) / 2));
    const c = this.context;
    c.beginPath();
    c.moveTo(x1, y1);
    c.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
    c.strokeStyle = color;
    c.lineWidth = lineWidth;
    c.stroke();
  }
  clipped(x: number, y: number, width: number, height: number, body: () => void): void {
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, width, height);
    this.context.clip();
    body();
    this.context.restore();
    // The canvas went back to what it filled with before.
    this.fill = "";
  }
  alpha(value: number, body: () => void): void {
    const before = this.context.globalAlpha;
    this.context.globalAlpha = before * value;
    body();
    this.context.globalAlpha = before;
  }
  band(y: number, width: number, height: number, kind: "flat" | "fine"): Band {
    const lines = kind === "flat" ? 1 : Math.max(1, Math.round(height * this.density));
    return this.sheet.band(y, width, height, lines, this.density);
  }
  paintBands(): void {
    this.sheet.paint(this.context, this.density);
  }
  measure(text: string): number {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > 20_000) this.widths.clear();
      width = this.context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  }
}

export type DrawCall =
  | { op: "rect"; x: number; y: number; width: number; height: number; color: string; alpha: number }
  | { op: "stroke"; x: number; y: number; width: number; height: number; color: string }
  | { op: "text"; x: number; y: number; text: string }
  | { op: "line" | "polygon"; points: readonly (readonly [number, number])[]; color: string }
  | { op: "curve"; x1: number; y1: number; x2: number; y2: number; alpha: number };

/** Keeps what is drawn; every character is seven pixels wide, and bands are kept as the boxes that they show. */
export class RecordingRenderer implements Renderer {
  readonly calls: DrawCall[] = [];
  protected opacity = 1;
  private bands: { y: number; linePx: number; columns: number[][] }[] = [];
  fillRect(x: number, y: number, width: number, height: number, color: string): void {
    this.calls.push({ op: "rect", x, y, width, height, color, alpha: this.opacity });
  }
  strokeRect(x: number, y: number, width: number, height: number, color: string): void {
    this.calls.push({ op: "stroke", x, y, width, height, color });
  }
  text(x: number, y: number, text: string): void {
    this.calls.push({ op: "text", x, y, text });
  }
  line(points: readonly (readonly [number, number])[], color: string): void {
    this.calls.push({ op: "line", points, color });
  }
  polygon(points: readonly (readonly [number, number])[], color: string): void {
    this.calls.push({ op: "polygon", points, color });
  }
  curve(x1: number, y1: number, x2: number, y2: number): void {
    this.calls.push({ op: "curve", x1, y1, x2, y2, alpha: this.opacity });
  }
  clipped(_x: number, _y: number, _width: number, _height: number, body: () => void): void {
    body();
  }
  alpha(value: number, body: () => void): void {
    const before = this.opacity;
    this.opacity *= value;
    body();
    this.opacity = before;
  }
  band(y: number, width: number, height: number, kind: "flat" | "fine"): Band {
    const lines = kind === "flat" ? 1 : Math.round(height);
    const columns = Array.from({ length: Math.round(width) }, () => new Array<number>(lines).fill(0));
    this.bands.push({ y, linePx: height / lines, columns });
    const fill = (left: number, right: number, top: number, bottom: number, bits: number) => {
      for (const column of columns.slice(Math.max(0, left), Math.max(0, right))) {
        for (let line = Math.max(0, top); line < Math.min(lines, bottom); line++) column[line] = bits;
      }
    };
    return { density: 1, lines, fill };
  }
  /** Equal columns side by side are one box for each of their colours. */
  paintBands(): void {
    for (const { y, linePx, columns } of this.bands) {
      for (let x = 0; x < columns.length;) {
        const column = columns[x]!;
        const next = columns.findIndex((each, i) => i > x && each.some((bits, line) => bits !== column[line]));
        const right = next < 0 ? columns.length : next;
        for (let line = 0; line < column.length;) {
          const bits = column[line]!;
          const from = line;
          while (line < column.length && column[line] === bits) line++;
          const { color, alpha } = colorOfBits(bits);
          const height = (line - from) * linePx;
          if (alpha > 0)
            this.calls.push({ op: "rect", x, y: y + from * linePx, width: right - x, height, color, alpha });
        }
        x = right;
      }
    }
    this.bands = [];
  }
  measure(text: string): number {
    return text.length * 7;
  }
}
