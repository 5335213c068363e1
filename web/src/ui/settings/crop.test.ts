import { expect, it } from 'vitest';
import { bounded, square } from './crop';

it('the square never leaves the picture', () => {
  expect(square(400, 200, 1, 0, 0)).toEqual({ x: 100, y: 0, side: 200 });
  expect(square(400, 200, 2, 0, 0)).toEqual({ x: 150, y: 50, side: 100 });
  expect(square(400, 200, 1, 5, -5)).toEqual({ x: 200, y: 0, side: 200 });
  expect(square(100, 300, 0, 0, 1)).toEqual({ x: 0, y: 200, side: 100 });
});

it('a shift stops at the edge', () => {
  expect(bounded(400, 200, 3)).toBe(0.25);
  expect(bounded(400, 200, -0.1)).toBe(-0.1);
  expect(bounded(200, 200, 1)).toBe(0);
});
