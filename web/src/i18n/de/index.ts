/** German, du-form. One file for each area of the screen, so that several people can write. */
import type { Dictionary } from '../../lib/i18n';
import apps from './apps.json';
import audit from './audit.json';
import bots from './bots.json';
import common from './common.json';
import emoji from './emoji.json';
import nav from './nav.json';
import people from './people.json';
import search from './search.json';
import safety from './safety.json';
import server from './server.json';
import settings from './settings.json';
import talk from './talk.json';
import threads from './threads.json';

const german: Dictionary = {
  ...apps,
  ...audit,
  ...bots,
  ...common,
  ...emoji,
  ...nav,
  ...people,
  ...search,
  ...safety,
  ...server,
  ...settings,
  ...talk,
  ...threads,
};
export default german;
