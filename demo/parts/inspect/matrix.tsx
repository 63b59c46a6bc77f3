// An [N, N] matrix on a canvas. Attention: a shade from nothing to the accent. A term: squares as large as the root of their
// value, filled where it raises the score, hollow where it lowers it.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Matrix } from "../../inspection.js";

export interface Cell {
  readonly row: number;
  readonly column: number;
}

interface MatrixProps {
  readonly values: Matrix;
  readonly size: number;
  readonly kind: "attention" | "c2c" | "c2p" | "p2c";
  /** The largest absolute value: full shade, a full square. */
  readonly scale: number;
  /** In words, for those who do not see it. */
  readonly label: string;
  /** Drawn beside rows and above columns, where there is room. */
  readonly tokens?: readonly string[];
  readonly chosen?: number;
  readonly focus?: Cell | undefined;
  readonly onFocus?: (cell: Cell | undefined) => void;
  readonly onChoose?: (row: number) => void;
}

const SMALLEST_HOLLOW = 9; // px of a cell below which a hollow square is a blot

/** The canvas's size in CSS pixels and how many names of tokens need. */
interface Frame {
  readonly width: number;
  readonly margin: number;
  /** Kept free on the right, for the slant of the last name. */
  readonly slant: number;
}

export function MatrixView(props: MatrixProps) {
  const { size, tokens } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useThemeCount(); // a change of theme draws again
  useEffect(() => {
    const { current } = canvas;
    if (!current) return;
    const observer = new ResizeObserver(() => setWidth(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const margin = tokens && width >= 240 && width / size >= 11 ? Math.min(72, width / 5) : 0;
  const slant = margin / 3;
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, { width, margin, slant }, props);
  });

  const cellAt = (event: PointerEvent): Cell | undefined => {
    const box = canvas.current!.getBoundingClientRect();
    const cell = (width - margin - slant) / size;
    const row = Math.floor((event.clientY - box.top - margin) / cell);
    const column = Math.floor((event.clientX - box.left - margin) / cell);
    return row >= 0 && column >= 0 && row < size && column < size ? { row, column } : undefined;
  };
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={props.label}
      class="matrix"
      onPointerMove={(event) => props.onFocus?.(cellAt(event))}
      onPointerLeave={() => props.onFocus?.(undefined)}
      onClick={(event) => {
        const cell = cellAt(event as unknown as PointerEvent);
        if (cell) props.onChoose?.(cell.row);
      }}
    />
  );
}

function draw(canvas: HTMLCanvasElement, { width, margin, slant }: Frame, props: MatrixProps): void {
  const { values, size, kind, scale, tokens, chosen, focus } = props;
  const ratio = devicePixelRatio;
  canvas.width = canvas.height = Math.round(width * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const cell = (width - margin - slant) / size;
  const side = cell * size;
  const hue = resolved(canvas, kind === "attention" ? "accent" : kind);
  const grey = resolved(canvas, "control");
  context.fillStyle = resolved(canvas, "zero");
  context.fillRect(margin, margin, side, side);
  values.forEach((value, at) => {
    const x = margin + (at % size) * cell;
    const y = margin + Math.floor(at / size) * cell;
    const part = Math.min(1, Math.abs(value) / scale);
    if (kind === "attention") {
      context.globalAlpha = part;
      context.fillStyle = hue;
      context.fillRect(x, y, cell - (cell > 6 ? 0.5 : 0), cell - (cell > 6 ? 0.5 : 0));
      context.globalAlpha = 1;
      return;
    }
    const square = Math.sqrt(part) * (cell - 1);
    if (square < 0.7) return;
    const inset = (cell - square) / 2;
    if (value > 0 || cell < SMALLEST_HOLLOW) {
      context.fillStyle = value > 0 ? hue : grey;
      context.globalAlpha = value > 0 ? 1 : 0.45;
      context.fillRect(x + inset, y + inset, square, square);
      context.globalAlpha = 1;
    } else {
      context.strokeStyle = grey;
      context.lineWidth = 1;
      context.strokeRect(x + inset + 0.5, y + inset + 0.5, Math.max(1, square - 1), Math.max(1, square - 1));
    }
  });
  context.strokeStyle = resolved(canvas, "text");
  context.lineWidth = 1.5;
  if (chosen !== undefined) context.strokeRect(margin + 0.75, margin + chosen * cell, side - 1.5, cell);
  if (focus) {
    context.strokeStyle = resolved(canvas, "focus");
    context.strokeRect(margin + focus.column * cell, margin + focus.row * cell, cell, cell);
  }
  if (margin === 0 || !tokens) return;
  context.fillStyle = resolved(canvas, "text2");
  context.font = `11px ${colour("font") || "sans-serif"}`;
  context.textBaseline = "middle";
  tokens.forEach((token, index) => {
    const middle = margin + (index + 0.5) * cell;
    context.textAlign = "right";
    context.fillText(shortened(token), margin - 5, middle, margin - 5);
    context.save();
    context.translate(middle, margin - 5);
    context.rotate(-Math.PI / 3.4);
    context.textAlign = "left";
    context.fillText(shortened(token), 0, 0, margin);
    context.restore();
  });
}

const shortened = (token: string): string => (token.length > 9 ? `${token.slice(0, 8)}…` : token);

/** A colour of the theme in use, as a canvas takes it: light-dark() is resolved by a real property only. */
function resolved(element: HTMLElement, name: string): string {
  element.style.color = `var(--${name})`;
  return getComputedStyle(element).color;
}

/** Counts changes of the theme, by the visitor or the system. */
function useThemeCount(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const next = (): void => setCount((before) => before + 1);
    const observer = new MutationObserver(next);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const query = matchMedia("(prefers-color-scheme: dark)");
    query.addEventListener("change", next);
    return () => {
      observer.disconnect();
      query.removeEventListener("change", next);
    };
  }, []);
  return count;
}
