/** What comes of using an app: words and messages come by themselves; a form is shown. */
import type { Outcome } from '../../action/command';
import { overlay } from '../overlay.svelte';

export interface Part {
  type: number;
  id?: number;
  custom_id?: string;
  style?: number;
  label?: string;
  description?: string | null;
  emoji?: { id?: string; name: string; animated?: boolean };
  url?: string;
  disabled?: boolean;
  placeholder?: string;
  min_values?: number;
  max_values?: number;
  min_length?: number | null;
  max_length?: number | null;
  required?: boolean;
  value?: string;
  content?: string;
  options?: { label: string; value: string; description?: string; default?: boolean }[];
  channel_types?: number[];
  default_values?: { id: string }[];
  components?: Part[];
  component?: Part;
  accessory?: Part;
  items?: { media: Media; description?: string | null; spoiler?: boolean }[];
  media?: Media;
  file?: Media;
  name?: string | null;
  divider?: boolean;
  accent_color?: number | null;
  spoiler?: boolean;
}

export interface Media {
  url: string;
  width?: number | null;
  height?: number | null;
}

export interface Form {
  custom_id: string;
  title: string;
  components: Part[];
}

export function settle(channelId: string, outcome: Outcome): void {
  if (outcome.state !== 'modal' || !outcome.modal) return;
  const form = outcome.modal as unknown as Form;
  overlay.open({ kind: 'form', channelId, interactionId: outcome.id, form });
}
