/** The audit log of a room: who did what, and why. */
import type { AuditLogEntry, User } from '../model/wire';
import { get, V10 } from '../net/rest';

export interface AuditPage {
  audit_log_entries: AuditLogEntry[];
  users: User[];
  webhooks: { id: string; name: string | null }[];
  auto_moderation_rules: { id: string; name: string }[];
}

export interface AuditFilter {
  userId: string;
  action: number;
  before: string;
}

export const PAGE = 50;

export async function page(guildId: string, filter: AuditFilter): Promise<AuditPage> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (filter.userId) query.set('user_id', filter.userId);
  if (filter.action) query.set('action_type', String(filter.action));
  if (filter.before) query.set('before', filter.before);
  return get(`${V10}/guilds/${guildId}/audit-logs?${query}`);
}
