/** The number of mentions on the tab's icon and on the installed app. */
const SIDE = 64;
let plain: string | null = null;
let shown = -1;

/** For an effect of the whole page. */
export function paintBadge(count: number): void {
  if (count === shown) return;
  shown = count;
  const app = navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> };
  app.setAppBadge?.(count).catch(() => undefined);
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!link) return;
  plain ??= link.href;
  if (!count) {
    link.href = plain;
    return;
  }
  const picture = new Image();
  picture.onload = () => {
    if (count === shown) link.href = drawn(picture, count) ?? link.href;
  };
  picture.src = plain;
}

function drawn(picture: HTMLImageElement, count: number): string | null {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d');
  if (!context) return null;
  context.drawImage(picture, 0, 0, SIDE, SIDE);
  context.fillStyle = '#d4283b';
  context.beginPath();
  context.arc(SIDE * 0.68, SIDE * 0.68, SIDE * 0.32, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = '#fff';
  context.font = `700 ${count > 9 ? 26 : 34}px sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(count > 99 ? '99' : String(count), SIDE * 0.68, SIDE * 0.7);
  return canvas.toDataURL('image/png');
}
