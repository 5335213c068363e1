/** Rules as people think of them: words, links, invites, mentions, spam, names. Each is one of the
 *  kinds of the protocol, filled in beforehand. */
import { t } from '../../lib/i18n';
import type { Rule, RuleDraft } from '../../action/safety';
import type { Action } from '../../proto';

export const KIND = { KEYWORD: 1, SPAM: 3, PRESET: 4, MENTIONS: 5, NAMES: 6 } as const;
export const DO = { BLOCK: 1, ALERT: 2, TIMEOUT: 3, HOLD: 4 } as const;

/** A link of any kind; one that leads into a room by invitation. */
const LINK = '(?i)\\b(?:https?://|www\\.)\\S+';
const INVITE = '(?i)(?:\\bdiscord(?:app)?\\.(?:gg|com/invite)/|/i/|\\bt\\.me/)[\\w+-]{2,}';

export interface Template {
  id: 'words' | 'preset' | 'links' | 'invites' | 'mentions' | 'spam' | 'names';
  name: string;
  text: string;
  kind: number;
}

export const TEMPLATES: readonly Template[] = [
  {
    id: 'words',
    name: t('Words'),
    text: t('Messages with words of your own list'),
    kind: KIND.KEYWORD,
  },
  {
    id: 'preset',
    name: t('Ready lists'),
    text: t('Swearing, sexual content, slurs: short lists in several languages'),
    kind: KIND.PRESET,
  },
  {
    id: 'links',
    name: t('Links'),
    text: t('Every link, but for addresses you allow'),
    kind: KIND.KEYWORD,
  },
  {
    id: 'invites',
    name: t('Invitations elsewhere'),
    text: t('Links that lead people into other rooms'),
    kind: KIND.KEYWORD,
  },
  {
    id: 'mentions',
    name: t('Mention spam'),
    text: t('Messages that call many people at once'),
    kind: KIND.MENTIONS,
  },
  {
    id: 'spam',
    name: t('Spam'),
    text: t('The same again and again, and other shapes of spam'),
    kind: KIND.SPAM,
  },
  {
    id: 'names',
    name: t('Names'),
    text: t('People whose name has unwanted words only look on'),
    kind: KIND.NAMES,
  },
];

export function draftOf(template: Template): RuleDraft {
  const names = template.kind === KIND.NAMES;
  const patterns = { links: [LINK], invites: [INVITE] }[template.id as 'links'] ?? [];
  const words = { keyword_filter: [], regex_patterns: patterns, allow_list: [] };
  return {
    name: template.name,
    event_type: names ? 2 : 1,
    trigger_type: template.kind,
    trigger_metadata:
      template.kind === KIND.PRESET
        ? { presets: [1, 3], allow_list: [] }
        : template.kind === KIND.MENTIONS
          ? { mention_total_limit: 8, mention_raid_protection_enabled: true }
          : template.kind === KIND.SPAM
            ? {}
            : words,
    actions: [{ type: names ? DO.HOLD : DO.BLOCK, metadata: {} }],
    enabled: true,
    exempt_roles: [],
    exempt_channels: [],
  };
}

/** The rules of a kind there may be one of; of words several. */
export function mayAdd(template: Template, rules: readonly Rule[]): boolean {
  const same = rules.filter((rule) => rule.trigger_type === template.kind).length;
  return same < (template.kind === KIND.KEYWORD ? 6 : 1);
}

export function kindName(rule: Pick<Rule, 'trigger_type' | 'trigger_metadata'>): string {
  const patterns = rule.trigger_metadata.regex_patterns ?? [];
  if (rule.trigger_type === KIND.KEYWORD && patterns.includes(LINK)) return t('Links');
  if (rule.trigger_type === KIND.KEYWORD && patterns.includes(INVITE)) {
    return t('Invitations elsewhere');
  }
  return TEMPLATES.find((one) => one.kind === rule.trigger_type)?.name ?? '';
}

export const has = (actions: readonly Action[], type: number): Action | undefined =>
  actions.find((action) => action.type === type);

export function withAction(actions: readonly Action[], action: Action | null, type: number) {
  const rest = actions.filter((one) => one.type !== type);
  return action ? [...rest, action].sort((a, b) => a.type - b.type) : rest;
}

/** One to a line, or with commas between them. */
export function list(text: string): string[] {
  const parts = text.split(/[\n,]/).map((part) => part.trim());
  return [...new Set(parts.filter(Boolean))];
}
