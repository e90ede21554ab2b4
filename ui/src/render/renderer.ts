// What drawing needs of a surface, and nothing more: rectangles, text, lines and curves in CSS pixels.
// Draw code knows only this interface, so tests look at a list of calls instead of pixels.

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
  measure(text: string): number;
}

export const CANVAS_FONT = '11px "Inter", system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';

export class CanvasRenderer implements Renderer {
  private readonly context: CanvasRenderingContext2D;
  private readonly widths = new Map<string, number>();
  private readonly canvas: HTMLCanvasElement;
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
    const c = this.context;
    c.setTransform(density, 0, 0, density, 0, 0);
    c.globalAlpha = 1;
    c.fillStyle = background;
    c.fillRect(0, 0, width, height);
    c.font = CANVAS_FONT;
    // No ligatures: a font may turn the x of 128x64 into another sign, and names are shown as they are.
    c.textRendering = "optimizeSpeed";
    c.textBaseline = "middle";
    c.textAlign = "left";
  }
  fillRect(x: number, y: number, width: number, height: number, color: string): void {
    this.context.fillStyle = color;
    this.context.fillRect(x, y, width, height);
  }
  strokeRect(x: number, y: number, width: number, height: number, color: string, lineWidth: number): void {
    this.context.strokeStyle = color;
    this.context.lineWidth = lineWidth;
    this.context.strokeRect(x, y, width, height);
  }
  text(x: number, y: number, text: string, color: string, align: "left" | "center" | "right" = "left"): void {
    this.context.fillStyle = color;
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
    this.context.fillStyle = color;
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
  }
  alpha(value: number, body: () => void): void {
    const before = this.context.globalAlpha;
    this.context.globalAlpha = before * value;
    body();
    this.context.globalAlpha = before;
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
  | { op: "curve"; x1: number; y1: number; x2: number; y2: number };

/** Keeps what is drawn; every character is seven pixels wide. */
export class RecordingRenderer implements Renderer {
  readonly calls: DrawCall[] = [];
  private opacity = 1;
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
    this.calls.push({ op: "curve", x1, y1, x2, y2 });
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
  measure(text: string): number {
    return text.length * 7;
  }
}
