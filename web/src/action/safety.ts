/** Keeping a room safe: rules, raid mode, undoing a raid, reports. Loaded where it is needed. */
import type {
  AutoModerationRule,
  Cleanup,
  Joins,
  OwnReport,
  Report,
  ReportAction,
  ReportReason,
  Reports,
  ReportState,
  RuleTrial,
  Safety,
  TriggerMetadata,
} from '../proto';
import { get, OSC, patch, post, put, V10, del } from '../net/rest';

export type Rule = AutoModerationRule;
export type RuleDraft = Omit<Rule, 'id' | 'guild_id' | 'creator_id'>;

const rules = (guildId: string) => `${V10}/guilds/${guildId}/auto-moderation/rules`;
const own = (guildId: string, rest: string) => `${OSC}/guilds/${guildId}/${rest}`;

export const listRules = (guildId: string) => get<Rule[]>(rules(guildId));
export const createRule = (guildId: string, draft: RuleDraft) => post<Rule>(rules(guildId), draft);
export const editRule = (guildId: string, id: string, draft: Partial<RuleDraft>) =>
  patch<Rule>(`${rules(guildId)}/${id}`, draft);
export const deleteRule = (guildId: string, id: string) => del(`${rules(guildId)}/${id}`);

/** What a rule, saved or not, would do with a text. */
export function tryRule(
  guildId: string,
  kind: number,
  trigger: TriggerMetadata,
  text: string,
): Promise<RuleTrial> {
  const body = { trigger_type: kind, trigger_metadata: trigger, text };
  return post<RuleTrial>(own(guildId, 'auto-moderation/try'), body);
}

export const safety = (guildId: string) => get<Safety>(own(guildId, 'safety'));
export const editSafety = (
  guildId: string,
  change: Partial<Pick<Safety, 'raid_until' | 'locked' | 'raid_detection' | 'raid_joins'>>,
) => patch<Safety>(own(guildId, 'safety'), change);

const HOUR_MS = 3_600_000;

/** Raid mode for an hour; or its end. */
export function raidMode(guildId: string, on: boolean): Promise<Safety> {
  const until = on ? new Date(Date.now() + HOUR_MS).toISOString() : null;
  return editSafety(guildId, { raid_until: until });
}

export function pause(
  guildId: string,
  what: 'invites_disabled_until' | 'dms_disabled_until',
  on: boolean,
): Promise<unknown> {
  const until = on ? new Date(Date.now() + HOUR_MS).toISOString() : null;
  return put(`${V10}/guilds/${guildId}/incident-actions`, { [what]: until });
}

export interface Span {
  sinceMs: number;
  code: string | null;
  near: string | null;
}

export function joins(guildId: string, span: Span): Promise<Joins> {
  const query = new URLSearchParams({ since: new Date(span.sinceMs).toISOString() });
  if (span.code) query.set('code', span.code);
  if (span.near) query.set('near', span.near);
  return get<Joins>(own(guildId, `joins?${query}`));
}

export const cleanups = (guildId: string) => get<Cleanup[]>(own(guildId, 'cleanups'));
export const cleanup = (guildId: string, id: string) =>
  get<Cleanup>(own(guildId, `cleanups/${id}`));
export const undoCleanup = (guildId: string, id: string) =>
  post<Cleanup>(own(guildId, `cleanups/${id}/undo`));
export function startCleanup(guildId: string, userIds: string[], days: number): Promise<Cleanup> {
  const body = { user_ids: userIds, delete_message_seconds: days * 86_400 };
  return post<Cleanup>(own(guildId, 'cleanups'), body);
}

/** What a report is about. */
export type Subject =
  | { message_id: string; channel_id: string }
  | { guild_id: string; user_id: string }
  | { guild_id: string };

export const report = (subject: Subject, reason: ReportReason, text: string) =>
  post<OwnReport>(`${OSC}/reports`, { ...subject, reason, text });
export const ownReports = () => get<OwnReport[]>(`${OSC}/reports`);

/** A room's reports, or those for the owner of the server. */
const desk = (guildId: string | null) =>
  guildId ? own(guildId, 'reports') : `${OSC}/owner/reports`;

export function reports(
  guildId: string | null,
  state: ReportState | null,
  before: string | null = null,
): Promise<Reports> {
  const query = new URLSearchParams();
  if (state) query.set('state', state);
  if (before) query.set('before', before);
  return get<Reports>(`${desk(guildId)}?${query}`);
}

export interface ReportChange {
  state?: ReportState;
  action?: ReportAction;
  duration_seconds?: number;
  delete_message_seconds?: number;
  answer?: string;
}

export const editReport = (guildId: string | null, id: string, change: ReportChange) =>
  patch<Report>(`${desk(guildId)}/${id}`, change);

/** Silences a member; 0 lets them speak again. */
export function timeOut(guildId: string, userId: string, seconds: number): Promise<unknown> {
  const until = seconds ? new Date(Date.now() + seconds * 1_000).toISOString() : null;
  const body = { communication_disabled_until: until };
  return patch(`${V10}/guilds/${guildId}/members/${userId}`, body);
}
