/** Runs the journeys against the real server in a real browser: `npm run e2e [part of a name]`.
 *  Whoever fails may walk once more, with a new server and a new browser; that is said, and more
 *  than a few of them are a failure all the same. */
import { readdir } from 'node:fs/promises';
import { Town } from './town.mjs';

const LONGEST_MS = 300_000;
const SECOND_CHANCES = 3;
const wanted = process.argv[2] ?? '';
const folder = new URL('./journey/', import.meta.url);
let passed = 0;
const stumbled = [];

await inTown(async (town) => {
  for (const file of (await readdir(folder)).sort()) {
    const { journeys } = await import(new URL(file, folder).href);
    for (const [name, walk] of Object.entries(journeys)) {
      if (!`${file} ${name}`.includes(wanted)) continue;
      if (await run(town, name, walk)) passed += 1;
      else stumbled.push([name, walk]);
    }
  }
});
const failed = stumbled.length > SECOND_CHANCES ? stumbled : await again();
const flaky = stumbled.length - failed.length;
console.log(`${passed + flaky} passed, ${failed.length} failed`);
if (flaky) console.log(`${flaky} of them only when walked a second time`);
process.exit(failed.length ? 1 : 0);

async function inTown(work) {
  const town = await Town.build();
  try {
    return await work(town);
  } finally {
    await town.close();
  }
}

/** Those of the stumbled who fail again. */
async function again() {
  const failed = [];
  for (const [name, walk] of stumbled) {
    console.log(`once more: ${name}`);
    if (!(await inTown((town) => run(town, name, walk)))) failed.push([name, walk]);
  }
  return failed;
}

async function run(town, name, walk) {
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
  console.log(`${fine ? 'ok  ' : 'FAIL'} ${name} (${Date.now() - start} ms)`);
  if (problem)
    console.log(
      `     ${String(problem.stack ?? problem)
        .split('\n')
        .slice(0, 12)
        .join('\n     ')}`,
    );
  for (const one of complaints) console.log(`     ${one}`);
  return fine;
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
