/** What came of a report of ours, or many who come into a room at once: said wherever we are. */
import { raidMode } from '../../action/safety';
import { t, tn } from '../../lib/i18n';
import { world } from '../../model/here';
import type { OwnReport, RaidAlert } from '../../proto';
import { overlay } from '../overlay.svelte';

let told: unknown = null;

export function tell(): void {
  const { news } = world;
  if (!news || news === told) return;
  told = news;
  if (news.t === 'OSC_REPORT_ANSWER') answer(news.d as OwnReport);
  if (news.t === 'OSC_RAID_ALERT') alarm(news.d as RaidAlert);
}

function answer(report: OwnReport): void {
  const done = report.acted
    ? t('Something was done about what you reported.')
    : t('What you reported was looked at: it stays as it is.');
  overlay.say(report.answer ? `${done} ${report.answer}` : done);
}

function alarm({ guild_id, joins, raid_until }: RaidAlert): void {
  const name = world.guilds.get(guild_id)?.name ?? '';
  const text = tn(
    joins,
    '{name}: {n} person came in within a minute.',
    '{name}: {n} people came in within a minute.',
    { name },
  );
  const run = () => void raidMode(guild_id, true).catch((error) => overlay.fail(error));
  overlay.say(text, raid_until ? null : { label: t('Turn raid mode on'), run });
}
