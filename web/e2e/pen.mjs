/** What journeys write and measure without the screen: messages by the API, boxes, the reader's
 *  place as it was painted. */

export const channelOf = (visitor) =>
  visitor.page.evaluate(() =>
    document.querySelector('nav[aria-label=Channels] a').pathname.split('/').at(-1),
  );

/** A call as the page itself makes it; gives the answer's JSON. */
export function call(visitor, method, path, body) {
  return visitor.page.evaluate(
    async ([verb, where, what]) => {
      const answer = await fetch(where, {
        method: verb,
        headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
        body: what === undefined ? undefined : JSON.stringify(what),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${verb} ${where}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    [method, path, body],
  );
}

/** Many messages by one call each, as fast as the server takes them; gives their ids. */
export async function write(visitor, texts, more = {}) {
  const id = await channelOf(visitor);
  return visitor.page.evaluate(
    async ([channel, all, rest]) => {
      const ids = [];
      for (const content of all) {
        const answer = await fetch(`/api/v10/channels/${channel}/messages`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Osc-Client': 'web' },
          body: JSON.stringify({ content, ...rest }),
        });
        if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
        ids.push((await answer.json()).id);
      }
      return ids;
    },
    [id, texts, more],
  );
}

export const lines = (count, name = 'line', words = (at) => at % 30) =>
  Array.from({ length: count }, (_, at) => `${name} ${at}. ${'words '.repeat(words(at))}`);

/** Follows the first visible row frame by frame while something happens: how far it strayed from
 *  its place, as painted. */
export async function strayed(visitor, work, wait = 600) {
  await visitor.page.evaluate(() => {
    const box = document.querySelector('[role=log]');
    const top = box.getBoundingClientRect().top;
    const row = [...box.querySelectorAll('[data-id]')].find(
      (one) => one.getBoundingClientRect().bottom > top + 1,
    );
    const watch = { worst: 0, frames: 0, stop: false, row: row.dataset.id };
    globalThis.watch = watch;
    // What is about to be painted: an observer that is younger than the page's own runs after it,
    // in the same frame. A task between two frames may see a place that is never painted.
    const beat = document.body.appendChild(document.createElement('div'));
    beat.style.cssText = 'position:fixed;height:1px;visibility:hidden';
    new ResizeObserver(() => {
      if (watch.stop) return beat.remove();
      const now = document.querySelector(`[data-id="${watch.row}"]`);
      const top = now ? now.getBoundingClientRect().top : Infinity;
      watch.start ??= top;
      watch.worst = Math.max(watch.worst, Math.abs(top - watch.start));
      watch.frames += 1;
      requestAnimationFrame(() => (beat.style.width = `${1 + (watch.frames % 2)}px`));
    }).observe(beat);
  });
  await visitor.page.waitForFunction(() => globalThis.watch.frames > 0);
  await work();
  await visitor.page.waitForTimeout(wait);
  await visitor.page.waitForFunction(() => globalThis.watch.frames > 5);
  return visitor.page.evaluate(() => {
    globalThis.watch.stop = true;
    return globalThis.watch;
  });
}

export const gap = (visitor) =>
  visitor.page.evaluate(() => Math.abs(document.querySelector('[role=log]').scrollTop));

export const scrollTo = (visitor, top) =>
  visitor.page.evaluate((to) => (document.querySelector('[role=log]').scrollTop = to), top);

/** The rows drawn right now. */
export const drawn = (visitor) =>
  visitor.page.evaluate(() =>
    [...document.querySelectorAll('[role=log] [data-id]')].map((row) => row.dataset.id),
  );

/** Asks again until it holds: what an event brings is drawn a frame later. */
export async function until(check) {
  const end = Date.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}
