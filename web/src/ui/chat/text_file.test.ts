import { expect, it } from 'vitest';
import type { Attachment } from '../../model/wire';
import { languageOf } from './text_file';

const file = (filename: string, content_type: string | null = null, size = 10) =>
  ({ filename, content_type, size }) as Attachment;

it('knows text by its ending or its type, and code by its ending', () => {
  expect(languageOf(file('notes.txt'))).toBe('');
  expect(languageOf(file('NOTES.LOG'))).toBe('');
  expect(languageOf(file('what', 'text/plain; charset=utf-8'))).toBe('');
  expect(languageOf(file('main.rs', 'text/plain'))).toBe('rs');
  expect(languageOf(file('App.svelte'))).toBe('xml');
  expect(languageOf(file('film.mp4', 'video/mp4'))).toBeNull();
  expect(languageOf(file('film.ts', 'video/mp2t'))).toBeNull();
  expect(languageOf(file('page.zip', 'application/zip'))).toBeNull();
  expect(languageOf(file('empty.txt', 'text/plain', 0))).toBeNull();
});
