/** Runs the journeys against the real server in a real browser: `npm run e2e [part of a name]`. */
import { readdir } from 'node:fs/promises';
import { Town } from './town.mjs';

const LONGEST_MS = 300_000;
const wanted = process.argv[2] ?? '';
const folder = new URL('./journey/', import.meta.url);
let passed = 0;
let failed = 0;

const town = await Town.build();
try {
  for (const file of (await readdir(folder)).sort()) {
    const { journeys } = await import(new URL(file, folder).href);
    for (const [name, walk] of Object.entries(journeys)) {
      if (`${file} ${name}`.includes(wanted)) await run(name, walk);
    }
  }
} finally {
  await town.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

async function run(name, walk) {
  const start = Date.now();
  let problem = null;
  try {
    await within(LONGEST_MS, walk(town));
  } catch (error) {
    problem = error;
    const last = town.visitors.entries();
    for (const [at, visitor] of last) {
      await visitor.shot(`failed-${name.replaceAll(/\W+/g, '-')}-${at}`).catch(() => undefined);
    }
  }
  const complaints = await town.clear();
  const fine = !problem && !complaints.length;
  if (fine) passed += 1;
  else failed += 1;
  console.log(`${fine ? 'ok  ' : 'FAIL'} ${name} (${Date.now() - start} ms)`);
  if (problem)
    console.log(
      `     ${String(problem.stack ?? problem)
        .split('\n')
        .slice(0, 12)
        .join('\n     ')}`,
    );
  for (const one of complaints) console.log(`     ${one}`);
}

async function within(ms, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
