/** A friendly name to start with, so that nobody has to think of one before the first word. */
import { language } from './i18n';

const FIRST = [
  'Amber',
  'Brave',
  'Calm',
  'Clever',
  'Coral',
  'Cosy',
  'Curious',
  'Gentle',
  'Golden',
  'Happy',
  'Jolly',
  'Kind',
  'Lucky',
  'Mellow',
  'Merry',
  'Misty',
  'Nimble',
  'Quiet',
  'Silver',
  'Sunny',
  'Swift',
  'Tidy',
  'Warm',
  'Wise',
];
const SECOND = [
  'Badger',
  'Beaver',
  'Crane',
  'Dolphin',
  'Falcon',
  'Finch',
  'Fox',
  'Hare',
  'Heron',
  'Lark',
  'Lynx',
  'Marten',
  'Mole',
  'Otter',
  'Owl',
  'Panda',
  'Puffin',
  'Raven',
  'Robin',
  'Seal',
  'Sparrow',
  'Stork',
  'Swan',
  'Wren',
];

/** All are masculine, so that one ending fits. */
const GERMAN_FIRST = [
  'Flinker',
  'Froher',
  'Kluger',
  'Leiser',
  'Munterer',
  'Netter',
  'Stiller',
  'Wacher',
];
const GERMAN_SECOND = [
  'Biber',
  'Dachs',
  'Falke',
  'Fuchs',
  'Hase',
  'Igel',
  'Luchs',
  'Marder',
  'Otter',
  'Rabe',
  'Spatz',
  'Storch',
];

/** `chance` gives numbers from 0 to below 1. */
export function guestName(chance: () => number): string {
  const pick = (from: readonly string[]) => from[Math.floor(chance() * from.length)];
  if (language === 'de') return `${pick(GERMAN_FIRST)} ${pick(GERMAN_SECOND)}`;
  return `${pick(FIRST)} ${pick(SECOND)}`;
}
