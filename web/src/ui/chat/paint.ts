/** Work that may wait until what is drawn now has been seen. */

/** Runs it after the next frame is on the screen: the one after that begins no sooner, and a mere
 *  timer may come before the frame it should follow. Gives what calls it off. */
export function afterPaint(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(() => (timer = setTimeout(work)));
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

const CALM_MS = 250;

/** Runs it when nothing has called it off for a while. Gives what calls it off. */
export function afterCalm(work: () => void): () => void {
  const timer = setTimeout(work, CALM_MS);
  return () => clearTimeout(timer);
}
