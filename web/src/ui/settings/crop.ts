/** Cuts a square out of a picture. Pure: where the square lies for a zoom and a shift. */

export interface Square {
  x: number;
  y: number;
  side: number;
}

/** `zoom` 1 shows the whole shorter side; `dx`, `dy` shift the middle, in parts of the picture. */
export function square(w: number, h: number, zoom: number, dx: number, dy: number): Square {
  const side = Math.min(w, h) / Math.max(1, zoom);
  const keep = (middle: number, length: number) =>
    Math.max(0, Math.min(length - side, middle - side / 2));
  return { x: keep(w / 2 + dx * w, w), y: keep(h / 2 + dy * h, h), side };
}

/** Where a shift ends when it has gone as far as it may: dragging back works at once. */
export function bounded(length: number, side: number, shift: number): number {
  const most = Math.max(0, (length - side) / 2 / length);
  return Math.max(-most, Math.min(most, shift));
}
