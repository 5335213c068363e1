import { expect, it } from 'vitest';
import { Draft } from './draft.svelte';

function about(saved: { name: string; colour: number; rights: string }) {
  const sent: object[] = [];
  const draft = new Draft({
    is: () => saved,
    shows: ['name'],
    same: { rights: (wish, is) => BigInt(wish) === BigInt(is) },
    save: async (change) => {
      if (change.name === 'taken') {
        throw Object.assign(new Error('No.'), { fields: { name: 'Taken.' } });
      }
      sent.push(change);
      saved = { ...saved, ...change };
    },
  });
  const others = (change: Partial<typeof saved>) => {
    saved = { ...saved, ...change };
    draft.follow();
  };
  return { draft, sent, others };
}

it('sends what is different, and nothing else', async () => {
  const { draft, sent } = about({ name: 'wood', colour: 1, rights: '8' });
  expect(draft.open).toBe(false);
  draft.wish.name = ' wood ';
  draft.wish.rights = '08';
  expect(draft.open).toBe(false);
  draft.wish.name = ' forest ';
  draft.wish.colour = 2;
  expect(draft.open).toBe(true);
  expect(await draft.save()).toBe(true);
  expect(sent).toEqual([{ name: 'forest', colour: 2 }]);
  expect(draft.wish).toEqual({ name: 'forest', colour: 2, rights: '8' });
});

it('keeps the wish when it is refused, and forgets it on demand', async () => {
  const { draft, sent } = about({ name: 'wood', colour: 1, rights: '8' });
  draft.wish.name = 'taken';
  expect(await draft.save()).toBe(false);
  expect([draft.wish.name, draft.fields.name, draft.error]).toEqual(['taken', 'Taken.', '']);
  draft.reset();
  expect([draft.wish.name, draft.fields.name, draft.open]).toEqual(['wood', undefined, false]);
  expect(sent).toEqual([]);
});

it('takes over what others change, but not over our own wish', () => {
  const { draft, others } = about({ name: 'wood', colour: 1, rights: '8' });
  draft.wish.name = 'mine';
  others({ name: 'theirs', colour: 3 });
  expect(draft.wish).toEqual({ name: 'mine', colour: 3, rights: '8' });
  others({ colour: 4 });
  expect(draft.wish).toEqual({ name: 'mine', colour: 4, rights: '8' });
});
