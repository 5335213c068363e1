/** What people write becomes a tree, never markup; and never slowly. */
import { describe, expect, it } from 'vitest';
import { inlines, parse, parsed, plainText, safeUrl } from './markdown';

const kinds = (text: string) => inlines(text).map((one) => one.kind);

describe('inline', () => {
  it('marks', () => {
    expect(inlines('a **b** *c* __d__ ~~e~~ `f` ||g||').filter((x) => x.kind !== 'text')).toEqual([
      { kind: 'strong', children: [{ kind: 'text', text: 'b' }] },
      { kind: 'em', children: [{ kind: 'text', text: 'c' }] },
      { kind: 'underline', children: [{ kind: 'text', text: 'd' }] },
      { kind: 'strike', children: [{ kind: 'text', text: 'e' }] },
      { kind: 'code', text: 'f' },
      { kind: 'spoiler', children: [{ kind: 'text', text: 'g' }] },
    ]);
  });

  it('nests and leaves words with underscores alone', () => {
    expect(inlines('***both***')[0]).toEqual({
      kind: 'strong',
      children: [{ kind: 'em', children: [{ kind: 'text', text: 'both' }] }],
    });
    expect(kinds('snake_case_word')).toEqual(['text']);
    expect(kinds('2 * 3 * 4')).toEqual(['text']);
  });

  it('knows what the wire calls people, roles, channels, emoji and times', () => {
    expect(kinds('<@1><@!2><@&3><#4><:wave:5><t:1700000000:R>')).toEqual([
      'user',
      'user',
      'role',
      'channel',
      'emoji',
      'time',
    ]);
    expect(kinds('@everyone')).toEqual(['everyone']);
  });

  it('links only what is safe', () => {
    expect(inlines('see https://example.org/a_(b).')).toMatchObject([
      { text: 'see ' },
      { kind: 'link', href: 'https://example.org/a_(b)' },
      { text: '.' },
    ]);
    expect(kinds('[x](javascript:alert(1))')).not.toContain('link');
    expect(kinds('[x](https://example.org)')).toEqual(['link']);
    expect(kinds('[x](data:text/html,hi)')).not.toContain('link');
    expect(safeUrl('javascript:alert(1)')).toBeNull();
    expect(safeUrl(' java\nscript:alert(1)')).toBeNull();
    expect(safeUrl('mailto:a@example.org')).toBe('mailto:a@example.org');
  });

  it('takes a backslash as "as it stands"', () => {
    expect(inlines('\\*not\\* <@x>')).toEqual([{ kind: 'text', text: '*not* <@x>' }]);
  });

  it('keeps markup of other languages as text', () => {
    expect(inlines('<img src=x onerror=alert(1)>')).toEqual([
      { kind: 'text', text: '<img src=x onerror=alert(1)>' },
    ]);
  });
});

describe('blocks', () => {
  it('fences, quotes, lists, headings', () => {
    expect(parse('```rust\nfn main() {}\n```')).toEqual([
      { kind: 'fence', language: 'rust', text: 'fn main() {}' },
    ]);
    expect(parse('> a\n> b\nc').map((one) => one.kind)).toEqual(['quote', 'paragraph']);
    expect(parse('- a\n- b').map((one) => one.kind)).toEqual(['list']);
    expect(parse('# Title\ntext').map((one) => one.kind)).toEqual(['heading', 'paragraph']);
    expect(parse('```\nnever closed').map((one) => one.kind)).toEqual(['paragraph']);
    expect(parse('>>> all\nof it')).toHaveLength(1);
  });

  it('code may begin and end anywhere in a line', () => {
    expect(parse('see ```js\nlet a;\n``` there')).toEqual([
      { kind: 'paragraph', children: [{ kind: 'text', text: 'see ' }] },
      { kind: 'fence', language: 'js', text: 'let a;' },
      { kind: 'paragraph', children: [{ kind: 'text', text: ' there' }] },
    ]);
    expect(parse('```one line```')).toEqual([{ kind: 'fence', language: '', text: 'one line' }]);
    expect(parse('> ```\n> quoted\n> ```')).toMatchObject([
      { kind: 'quote', children: [{ kind: 'fence', text: 'quoted' }] },
    ]);
  });

  it('lists are numbered, nested, and go on in the next line', () => {
    const [numbered] = parse('3. c\n4. d');
    expect(numbered).toMatchObject({ kind: 'list', start: 3 });
    const [nested] = parse('- a\n  - b\n    - c\n- d\n  more');
    expect(nested).toMatchObject({
      kind: 'list',
      start: null,
      items: [
        { inner: [{ kind: 'list', items: [{ inner: [{ kind: 'list' }] }] }] },
        { children: [{ text: 'd' }, { kind: 'break' }, { text: 'more' }], inner: [] },
      ],
    });
    expect(parse('-# small').map((one) => one.kind)).toEqual(['subtext']);
    expect(parse('- a\n1. b').map((one) => one.kind)).toEqual(['list', 'list']);
  });

  it('a label cannot lie about where its link leads', () => {
    const text = (source: string) => plainText(inlines(source));
    expect(text('[**my bank**](https://example.org)')).toBe('my bank');
    expect(text('[bank.example](https://evil.test/x)')).toBe('bank.example (evil.test)');
    expect(text('[https://example.org](https://www.example.org/x)')).toBe('https://example.org');
  });

  it('reads aloud without marks and without spoilers', () => {
    expect(plainText(parse('**Hi** ||secret|| `x`'))).toBe('Hi … x');
  });
});

describe('hostile text', () => {
  const attacks = [
    '*',
    '**',
    '_',
    '`',
    '||',
    '[',
    '<',
    '> ',
    '\\',
    '*_',
    '[a](',
    '```\n',
    '- ',
    ' - ',
    '1. ',
  ];
  it.each(attacks)('a long run of %j stays quick', (piece) => {
    const text = piece.repeat(20_000 / piece.length);
    const start = performance.now();
    parse(text);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('every step further in ends somewhere', () => {
    const stairs = Array.from({ length: 400 }, (_, at) => `${' '.repeat(at % 40)}- x`).join('\n');
    const start = performance.now();
    parse(stairs);
    parse(`${'> '.repeat(2_000)}x`);
    parse('```a'.repeat(5_000));
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('random bytes never throw', () => {
    let seed = 42;
    const next = (below: number) =>
      (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    const letters = [...'*_~|`<>@#&:!()[]\\/hts.\n -a1t'];
    for (let round = 0; round < 3_000; round += 1) {
      const text = Array.from({ length: next(60) }, () => letters[next(letters.length)]).join('');
      expect(() => parse(text), JSON.stringify(text)).not.toThrow();
    }
  });
});

describe('a tree is made once', () => {
  it('for the same text, as long as it is among those drawn last', () => {
    const first = parsed('**kept**');
    expect(first).toEqual(parse('**kept**'));
    for (let at = 0; at < 500; at += 1) parsed(`text ${at}`);
    expect(parsed('**kept**')).toBe(first);
    for (let at = 0; at < 600; at += 1) parsed(`other ${at}`);
    expect(parsed('**kept**')).not.toBe(first);
  });
});
