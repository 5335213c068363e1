/** Answers and errors as the server writes them. */
import { expect, it } from 'vitest';
import { answer, ApiError, flatten } from './rest';

it('flattens the tree of field errors', () => {
  const tree = {
    username: { _errors: [{ code: 'TAKEN', message: 'This name is taken.' }] },
    channels: { 0: { name: { _errors: [{ message: 'Too long.' }] } } },
  };
  expect(flatten(tree)).toEqual({
    username: 'This name is taken.',
    'channels.0.name': 'Too long.',
  });
  expect(flatten('nonsense')).toEqual({});
});

const caught = (status: number, text: string): ApiError => {
  try {
    answer(status, text);
  } catch (error) {
    return error as ApiError;
  }
  throw new Error('should have thrown');
};

it('says what the field error says, else the message, else the status', () => {
  const errors = { name: { _errors: [{ message: 'Too short.' }] } };
  const refused = JSON.stringify({ code: 50035, message: 'Invalid Form Body', errors });
  expect(caught(400, refused)).toMatchObject({ code: 50035, message: 'Too short.' });
  expect(caught(404, '{"code":10003,"message":"Unknown Channel"}').message).toBe('Unknown Channel');
  expect(caught(502, '<html>bad gateway</html>')).toMatchObject({ passing: true, code: 0 });
});

it('knows how long to wait, and what is worth trying again', () => {
  const limited = caught(429, '{"retry_after":1.2,"message":"slow down"}');
  expect(limited).toMatchObject({ retryAfterMs: 1200, passing: true });
  expect(caught(403, '{}').passing).toBe(false);
});

it('an empty answer is null', () => {
  expect(answer(204, '')).toBeNull();
});
