import { expect, it } from 'vitest';
import { fromTime } from '../../lib/snowflake';
import { asked, begun, dayOf, marked } from './filters';

it('knows a filter that is being typed', () => {
  expect(begun('hello from:an')).toMatchObject({ filter: { kind: 'from' }, query: 'an', at: 6 });
  expect(begun('has:')).toMatchObject({ filter: { kind: 'has' }, query: '', at: 0 });
  expect(begun('https:')).toBeNull();
  expect(begun('from: me')).toBeNull();
});

it('asks the server by ids of moments, days included as people mean them', () => {
  const day = new Date(2026, 10, 20);
  const chips = [
    { kind: 'from', value: '7', label: '' },
    { kind: 'from', value: '8', label: '' },
    { kind: 'during', value: dayOf(day), label: '' },
  ] as const;
  const query = asked(chips, ' tea ', 'oldest');
  expect(query.getAll('author_id')).toEqual(['7', '8']);
  expect(query.get('content')).toBe('tea');
  expect(query.get('sort_order')).toBe('asc');
  expect(query.get('max_id')).toBe(fromTime(new Date(2026, 10, 21).getTime()));
  expect(BigInt(query.get('min_id') ?? 0) + 1n).toBe(BigInt(fromTime(day.getTime())));
  const after = asked([{ kind: 'after', value: dayOf(day), label: '' }], '', 'newest');
  expect(BigInt(after.get('min_id') ?? 0) + 1n).toBe(
    BigInt(fromTime(new Date(2026, 10, 21).getTime())),
  );
});

it('marks words by their beginnings, without case and accents', () => {
  const hits = (text: string, query: string) =>
    marked(text, query)
      .filter((one) => one.hit)
      .map((one) => one.text);
  expect(hits('Das Café hat Kaffee', 'cafe kaf')).toEqual(['Café', 'Kaf']);
  expect(hits('unkind and kind', 'kin')).toEqual(['kin']);
  expect(hits('我吃饭了', '吃饭')).toEqual(['吃饭']);
  expect(hits('the quick fox', '"quick fox"')).toEqual(['quick fox']);
  const long = marked(`${'word '.repeat(100)}needle`, 'needle');
  expect(long[0]?.text.startsWith('…')).toBe(true);
  expect(long.at(-1)).toEqual({ text: 'needle', hit: true });
});
