/** How long things last and what they are called, where rooms are kept safe. */
import { t } from '../../lib/i18n';
import type { ReportAction, ReportReason, ReportState } from '../../proto';

export const TIMES: readonly (readonly [number, string])[] = [
  [60, t('1 minute')],
  [600, t('10 minutes')],
  [3_600, t('1 hour')],
  [86_400, t('1 day')],
  [604_800, t('1 week')],
];

export const REASONS: readonly (readonly [ReportReason, string])[] = [
  ['spam', t('Spam or advertising')],
  ['harassment', t('Insults or harassment')],
  ['hate', t('Hatred of groups of people')],
  ['sexual', t('Sexual content')],
  ['violence', t('Violence or threats')],
  ['danger', t('Somebody is in danger')],
  ['illegal', t('Something forbidden by law')],
  ['other', t('Something else')],
];

export const reasonText = (reason: ReportReason) =>
  REASONS.find(([one]) => one === reason)?.[1] ?? reason;

export const STATES: Record<ReportState, string> = {
  open: t('Open'),
  taken: t('Being looked at'),
  done: t('Done'),
};

export const DONE: Record<ReportAction, string> = {
  delete: t('Message deleted'),
  timeout: t('Timed out'),
  kick: t('Kicked'),
  ban: t('Banned'),
  dismiss: t('Dismissed'),
  close: t('Closed'),
};
