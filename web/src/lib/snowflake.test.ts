import { expect, it } from 'vitest';
import { compare, fromTime, isNewer } from './snowflake';

it('orders ids that no number can hold', () => {
  expect(compare('1234567890123456789', '1234567890123456790')).toBeLessThan(0);
  expect(isNewer('1000', '999')).toBe(true);
  expect(isNewer(null, '1')).toBe(false);
  expect(isNewer('1', null)).toBe(true);
});

it('knows the first id of a moment', () => {
  expect(fromTime(1_420_070_400_000)).toBe('0');
  expect(fromTime(1_420_070_400_001)).toBe(String(1n << 22n));
});
