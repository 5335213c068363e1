/** Whether the rooms of who is signed in have come: until then nobody knows what they are in. */
import { world } from '../model/here';

export function unsure(): boolean {
  const rooms = () => [...world.guilds.values()];
  return world.me !== null && (!world.ready || rooms().some((one) => one.unavailable));
}

/** Waits for the rooms; not for ever, and not for a connection that failed. */
export function arrived(mostMs: number): Promise<void> {
  return new Promise((done) => {
    const stop = $effect.root(() => {
      $effect(() => {
        const hopeless = world.link === 'lost' || world.link === 'refused';
        if (!unsure() || hopeless) finish();
      });
    });
    const timer = setTimeout(finish, mostMs);
    function finish() {
      clearTimeout(timer);
      stop();
      done();
    }
  });
}
