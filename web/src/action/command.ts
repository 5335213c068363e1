/** Commands, buttons and forms of bots: what there is in a channel, and using it. */
import { language, t } from '../lib/i18n';
import type { User } from '../model/wire';
import { get, OSC, post } from '../net/rest';
import { upload } from '../net/upload';
import type * as proto from '../proto';

export const TYPE = { CHAT: 1, USER: 2, MESSAGE: 3 } as const;
export const OPTION = {
  SUB: 1,
  GROUP: 2,
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  FILE: 11,
} as const;

export interface Choice {
  name: string;
  name_localized?: string;
  value: string | number;
}

export interface Option {
  type: number;
  name: string;
  name_localized?: string;
  description: string;
  description_localized?: string;
  required?: boolean;
  autocomplete?: boolean;
  choices?: Choice[];
  options?: Option[];
  channel_types?: number[];
  min_value?: number;
  max_value?: number;
  min_length?: number;
  max_length?: number;
}

/** One thing that can be used: a command, or a part of one. */
export interface Offer {
  key: string;
  bot: User;
  type: number;
  commandId: string;
  applicationId: string;
  /** as it is written: `remind add` */
  title: string;
  note: string;
  /** names of the parts that lead to it */
  path: string[];
  options: Option[];
}

export type Outcome = proto.InteractionOutcome;
export type Value = string | number | boolean | File;

const FRESH_MS = 30_000;
const known = new Map<string, { at: number; offers: Promise<Offer[]> }>();

/** What may be used in a channel. Asked for anew when it is some time old. */
export function offers(channelId: string): Promise<Offer[]> {
  const before = known.get(channelId);
  if (before && Date.now() - before.at < FRESH_MS) return before.offers;
  const asked = get<proto.UsableCommands>(
    `${OSC}/channels/${channelId}/commands?locale=${language}`,
  ).then(all);
  known.set(channelId, { at: Date.now(), offers: asked });
  asked.catch(() => known.delete(channelId));
  return asked;
}

function all({ applications, commands }: proto.UsableCommands): Offer[] {
  return commands.flatMap((command) => {
    const bot = applications.find((one) => one.id === command.application_id)?.bot;
    if (!bot) return [];
    const options = (command.options ?? []) as Option[];
    const whole: Offer = {
      key: command.id,
      bot,
      type: command.type,
      commandId: command.id,
      applicationId: command.application_id,
      title: command.name_localized ?? command.name,
      note: command.description_localized ?? command.description,
      path: [],
      options,
    };
    return parts(whole);
  });
}

/** A command with parts is used by one of them. */
function parts(offer: Offer): Offer[] {
  if (!offer.options.some((one) => one.type <= OPTION.GROUP)) return [offer];
  return offer.options.flatMap((one) =>
    parts({
      ...offer,
      key: `${offer.key}/${one.name}`,
      title: `${offer.title} ${one.name_localized ?? one.name}`,
      note: one.description_localized ?? one.description,
      path: [...offer.path, one.name],
      options: one.options ?? [],
    }),
  );
}

export const hasSlash = (offer: Offer) => offer.type === TYPE.CHAT;

interface Given {
  name: string;
  value?: unknown;
  focused?: boolean;
  options?: Given[];
}

function nested(offer: Offer, given: Given[]): Given[] {
  return offer.path.reduceRight<Given[]>((options, name) => [{ name, options }], given);
}

/** Uses a command with what was filled in. */
export function use(
  channelId: string,
  offer: Offer,
  values: ReadonlyMap<string, Value>,
  targetId?: string,
): Promise<Outcome> {
  const files = [...values.values()].filter((one): one is File => one instanceof File);
  const given = [...values].map(([name, value]) => ({
    name,
    value: value instanceof File ? files.indexOf(value) : value,
  }));
  const data = { id: offer.commandId, options: nested(offer, given), target_id: targetId };
  const deed = { type: 2, application_id: offer.applicationId, nonce: nonce(), data };
  return send(channelId, deed, files);
}

/** What a bot suggests for what is typed into one option. */
export async function suggest(
  channelId: string,
  offer: Offer,
  values: ReadonlyMap<string, Value>,
  focused: string,
  text: string,
): Promise<Choice[]> {
  const others = [...values].filter(
    ([name, value]) => name !== focused && !(value instanceof File),
  );
  const given: Given[] = others.map(([name, value]) => ({ name, value }));
  given.push({ name: focused, value: text, focused: true });
  const data = { id: offer.commandId, options: nested(offer, given) };
  const outcome = await send(channelId, { type: 4, application_id: offer.applicationId, data });
  return (outcome.choices ?? []) as Choice[];
}

/** Presses a button, or picks from a select. */
export function press(
  channelId: string,
  messageId: string,
  customId: string,
  values?: readonly string[],
): Promise<Outcome> {
  const data = { custom_id: customId, values };
  return send(channelId, { type: 3, message_id: messageId, nonce: nonce(), data });
}

/** Sends a form that an application showed. */
export function submit(
  channelId: string,
  interactionId: string,
  customId: string,
  values: Record<string, string | string[]>,
): Promise<Outcome> {
  const data = { custom_id: customId, values };
  return send(channelId, { type: 5, interaction_id: interactionId, nonce: nonce(), data });
}

async function send(channelId: string, deed: object, files: File[] = []): Promise<Outcome> {
  const path = `${OSC}/channels/${channelId}/interactions`;
  const locale = language === 'de' ? 'de' : 'en-US';
  const body = { ...deed, locale };
  const parts = files.map((file) => ({ file, name: file.name }));
  const done = files.length
    ? upload<Outcome>(path, body, parts, () => undefined).done
    : post<Outcome>(path, body);
  const outcome = await done;
  if (outcome.state === 'silent') {
    throw new Error(t('This app did not respond in time. Try again.'));
  }
  return outcome;
}

function nonce(): string {
  const random = crypto.getRandomValues(new Uint32Array(3));
  return [...random]
    .map((one) => one.toString(36))
    .join('')
    .slice(0, 25);
}
