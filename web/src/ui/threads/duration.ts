/** After how long without a message a thread may go out of sight. */
import { t } from '../../lib/i18n';

export function durations(): [number, string][] {
  return [
    [60, t('1 hour')],
    [1440, t('24 hours')],
    [4320, t('3 days')],
    [10080, t('1 week')],
  ];
}
