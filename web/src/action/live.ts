/** What a live connection runs on. Loaded for those who are somebody: who looks in needs none. */
import { world } from '../model/here';
import { Socket } from '../net/socket';
import { resendAll } from './message';
import { recall } from './outbox';

export const socket = new Socket(world, (fresh) => {
  if (fresh) void recall(); // somebody signed in who had left something unsent
  resendAll();
});

if (world.me) void recall();
