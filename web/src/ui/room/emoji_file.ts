/** A file that somebody chose, as an emoji: small enough, and with a name that can be typed. */
import { t } from '../../lib/i18n';
import { size } from '../../lib/size';

export const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

const SIDE = 128;

/** As a data URI. What may move goes as it is; all else is made small when it is too big. */
export async function asPicture(file: File, mostBytes: number): Promise<string> {
  if (TYPES.includes(file.type) && file.size <= mostBytes) return dataUri(file);
  if (file.type === 'image/gif') {
    throw new Error(t('This is too big: at most {most}.', { most: size(mostBytes) }));
  }
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error(t('This is no picture that the browser can read. Try a PNG or a JPEG.'));
  });
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext('2d');
  if (context) context.imageSmoothingQuality = 'high';
  context?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL('image/png');
}

/** The file's name without what an emoji's cannot have. */
export function nameOf(file: string): string {
  const bare = file
    .replace(/\.[^.]*$/, '')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 32);
  return bare.length < 2 ? 'emoji' : bare;
}

function dataUri(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error(t('This file cannot be read.')));
    reader.readAsDataURL(file);
  });
}
