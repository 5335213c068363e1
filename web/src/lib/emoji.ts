/** A first shelf of emoji with their names; what is not here can be typed. */

export const EMOJI: readonly (readonly [string, string])[] = [
  ['👍', 'thumbs up'], ['👎', 'thumbs down'], ['❤️', 'heart'], ['😂', 'tears of joy'],
  ['🎉', 'party'], ['👀', 'eyes'], ['🙏', 'thanks'], ['🔥', 'fire'],
  ['😀', 'grin'], ['😃', 'smile'], ['😄', 'laugh'], ['😅', 'nervous laugh'],
  ['😊', 'blush'], ['🙂', 'slight smile'], ['🙃', 'upside down'], ['😉', 'wink'],
  ['😍', 'heart eyes'], ['😘', 'kiss'], ['😋', 'yum'], ['😎', 'cool'],
  ['🤓', 'nerd'], ['🤔', 'thinking'], ['🤨', 'raised eyebrow'], ['😐', 'neutral'],
  ['😬', 'grimace'], ['🙄', 'eye roll'], ['😴', 'asleep'], ['🥱', 'yawn'],
  ['😢', 'crying'], ['😭', 'sobbing'], ['😤', 'huffing'], ['😡', 'angry'],
  ['🤯', 'mind blown'], ['😱', 'scream'], ['🥳', 'partying'], ['🤗', 'hug'],
  ['🫡', 'salute'], ['🤝', 'handshake'], ['👋', 'wave'], ['👏', 'clap'],
  ['🙌', 'hooray'], ['💪', 'strong'], ['🤞', 'fingers crossed'], ['✌️', 'peace'],
  ['👌', 'ok hand'], ['🫶', 'heart hands'], ['🧡', 'orange heart'], ['💛', 'yellow heart'],
  ['💚', 'green heart'], ['💙', 'blue heart'], ['💜', 'purple heart'], ['🖤', 'black heart'],
  ['💔', 'broken heart'], ['✨', 'sparkles'], ['⭐', 'star'], ['🌈', 'rainbow'],
  ['☀️', 'sun'], ['🌙', 'moon'], ['❄️', 'snow'], ['🌊', 'wave of water'],
  ['🌱', 'seedling'], ['🌸', 'blossom'], ['🍀', 'clover'], ['🐱', 'cat'],
  ['🐶', 'dog'], ['🦊', 'fox'], ['🦉', 'owl'], ['🦦', 'otter'],
  ['🐧', 'penguin'], ['🦀', 'crab'], ['🐛', 'bug'], ['🐌', 'snail'],
  ['☕', 'coffee'], ['🍵', 'tea'], ['🍺', 'beer'], ['🍕', 'pizza'],
  ['🍰', 'cake'], ['🍪', 'cookie'], ['🍎', 'apple'], ['🥑', 'avocado'],
  ['⚽', 'football'], ['🎮', 'game'], ['🎵', 'music'], ['🎸', 'guitar'],
  ['📷', 'camera'], ['💡', 'idea'], ['📌', 'pin'], ['📎', 'paper clip'],
  ['✅', 'done'], ['❌', 'no'], ['❓', 'question'], ['❗', 'exclamation'],
  ['⏰', 'alarm clock'], ['🚀', 'rocket'], ['🏁', 'finish'], ['💯', 'hundred'],
];

export function emojiName(character: string | null): string {
  return EMOJI.find(([one]) => one === character)?.[1] ?? character ?? '';
}
