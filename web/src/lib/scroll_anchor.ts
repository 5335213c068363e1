/** Keeps a bounded message list still while content above, inside or below changes its size.
 *  At the end it stays at the end; otherwise the first visible row keeps its place. The box is
 *  `column-reverse`: scrollTop is 0 at the end and negative above, so older rows need no write. */

const AT_END_PX = 24;
/** Growth above that matters, how soon after it a wheel's mistake comes, and how exact it is. */
const GROWTH = { leastPx: 600, ms: 500, withinPx: 300 };

export class ScrollAnchor {
  atEnd = true;
  #row: Element | null = null;
  #offset = 0;
  #ours = Number.NaN;
  #top = 0;
  #height = 0;
  #grown = { px: 0, until: 0 };
  readonly #observer: ResizeObserver;

  constructor(
    private readonly box: HTMLElement,
    private readonly list: HTMLElement,
    private readonly moved: () => void,
    /** whether the end is one to stay at: the end of a part of the history is not */
    private readonly follows: () => boolean = () => true,
  ) {
    this.#observer = new ResizeObserver(() => this.restore());
    this.#observer.observe(list);
    this.#observer.observe(box);
    box.addEventListener('scroll', this.#onScroll, { passive: true });
  }

  /** Remembers what the reader looks at; call before the list changes. What has changed its size
   *  since the last time, with nobody told yet, is made good first: else the reader's place would
   *  be taken for where that has pushed it. */
  save(): void {
    if (this.holds && this.box.scrollTop === this.#top) this.restore();
    this.#remember();
  }

  #remember(): void {
    this.atEnd = this.follows() && -this.box.scrollTop <= AT_END_PX;
    const top = this.box.getBoundingClientRect().top;
    const rows = this.list.children;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const bottom = rows[middle]?.getBoundingClientRect().bottom ?? 0;
      if (bottom > top + 1) high = middle;
      else low = middle + 1;
    }
    // What stands above the first row changes with every page: no place to hold on to.
    while (low < rows.length - 1 && !(rows[low] as HTMLElement).dataset.id) low += 1;
    this.#row = rows[low] ?? null;
    this.#offset = this.#row ? this.#row.getBoundingClientRect().top - top : 0;
    this.#top = this.box.scrollTop;
    this.#height = this.box.scrollHeight;
  }

  /** The row that is being read above the end is still there. */
  get holds(): boolean {
    return !this.atEnd && this.#row?.isConnected === true;
  }

  restore(): void {
    if (this.atEnd) {
      this.box.scrollTop = 0;
    } else if (this.#row?.isConnected) {
      const drift = this.#below(this.#row) - this.#offset;
      if (Math.abs(drift) >= 0.5) this.box.scrollTop += drift;
    } else {
      this.#remember();
    }
    this.#ours = this.#top = this.box.scrollTop;
    const px = this.box.scrollHeight - this.#height;
    if (px >= GROWTH.leastPx) this.#grown = { px, until: performance.now() + GROWTH.ms };
    this.#height += px;
  }

  toEnd(): void {
    this.atEnd = true;
    this.restore();
    this.moved();
  }

  /** Brings a row to the middle, or to a place below the top, and stays with it. */
  toRow(row: Element, offset: number | null = null): void {
    this.atEnd = false;
    if (offset === null) row.scrollIntoView({ block: 'center' });
    else this.box.scrollTop += this.#below(row) - offset;
    this.#remember();
    this.#ours = this.box.scrollTop;
    this.moved();
  }

  /** The first visible row and how far below the top it begins. */
  where(): { row: Element; offset: number } | null {
    this.save();
    return this.#row && !this.atEnd ? { row: this.#row, offset: this.#offset } : null;
  }

  #below(row: Element): number {
    return row.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
  }

  destroy(): void {
    this.#observer.disconnect();
    this.box.removeEventListener('scroll', this.#onScroll);
  }

  /** A wheel that turns while rows come above: Chromium then sometimes keeps the distance to the
   *  beginning instead of the one to the end, and all rows jump by what has come. */
  #unjump(): void {
    const { px, until } = this.#grown;
    const moved = this.box.scrollTop - this.#top;
    if (px && performance.now() < until && Math.abs(moved + px) < GROWTH.withinPx) {
      this.#grown.px = 0;
      this.box.scrollTop += px;
    }
    this.#top = this.box.scrollTop;
  }

  readonly #onScroll = (): void => {
    this.#unjump();
    if (Math.abs(this.box.scrollTop - this.#ours) < 1) return;
    this.#ours = Number.NaN;
    this.#remember();
    this.moved();
  };
}
