// Fails the build when a page needs more script than a phone on a school's network should wait for.
// Sizes are brotli-compressed bytes of JavaScript and word catalogues (the larger language).
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const kilobyte = 1024;

const pages = [
  {
    name: 'entry, sign-in and Today',
    roots: ['index.html', 'src/features/signin/Page.tsx', 'src/features/today/Page.tsx'],
    words: ['common', 'signin', 'today'],
    limit: 180 * kilobyte,
  },
  {
    name: 'room, on top of it',
    roots: ['src/features/room/Page.tsx'],
    words: ['room'],
    limit: 250 * kilobyte,
  },
  {
    name: 'replay, on top of it',
    roots: ['src/features/replay/Page.tsx'],
    words: ['replay'],
    limit: 60 * kilobyte,
  },
  {
    name: 'the player library, with the first recording',
    roots: ['node_modules/hls.js/dist/hls.mjs'],
    words: [],
    limit: 170 * kilobyte,
  },
  {
    name: 'school, on top of it',
    roots: ['src/features/school/Page.tsx'],
    words: ['school'],
    limit: 60 * kilobyte,
  },
];

const sizes = new Map();
function size(file) {
  if (!sizes.has(file)) {
    const bytes = brotliCompressSync(readFileSync(new URL(file, dist)), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11 },
    }).length;
    sizes.set(file, bytes);
  }
  return sizes.get(file);
}

function closure(key, into) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`no chunk for ${key}: was the page renamed?`);
  if (into.has(chunk.file)) return;
  into.add(chunk.file);
  for (const next of chunk.imports ?? []) closure(next, into);
}

function words(names, language) {
  const files = new Set();
  for (const name of names) closure(`src/app/i18n/${language}/${name}.json`, files);
  return [...files];
}

const already = new Set();
let failed = false;
for (const page of pages) {
  const files = new Set();
  for (const root of page.roots) closure(root, files);
  const fresh = [...files].filter((file) => !already.has(file));
  for (const file of fresh) already.add(file);
  const sum = (list) => list.reduce((total, file) => total + size(file), 0);
  const text = Math.max(
    0,
    ...['ru', 'en'].map((l) => sum(words(page.words, l).filter((f) => !already.has(f)))),
  );
  const total = sum(fresh) + text;
  const verdict = total <= page.limit ? 'ok' : 'TOO BIG';
  if (total > page.limit) failed = true;
  const kb = (n) => `${(n / kilobyte).toFixed(1)} KB`;
  console.log(`${verdict}  ${page.name}: ${kb(total)} of ${kb(page.limit)} (brotli)`);
}
if (failed) process.exit(1);
