import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync('src/app/tokens.css', 'utf8').replaceAll('"', "'");

function block(start: string): Map<string, string> {
  const from = css.indexOf(start);
  const body = css.slice(css.indexOf('{', from), css.indexOf('}', from));
  return new Map([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const value = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const pairs = [
  ['ink', 'paper', 4.5],
  ['ink', 'sheet', 4.5],
  ['ink', 'sheet-2', 4.5],
  ['ink', 'bell-soft', 4.5],
  ['ink', 'red-soft', 4.5],
  ['ink', 'act-soft', 4.5],
  ['ink-2', 'paper', 4.5],
  ['ink-2', 'sheet', 4.5],
  ['ink-2', 'sheet-2', 4.5],
  ['act', 'paper', 4.5],
  ['act', 'sheet', 4.5],
  ['act', 'act-soft', 4.5],
  ['on-act', 'act', 4.5],
  ['on-act', 'act-hover', 4.5],
  ['on-bell', 'bell', 4.5],
  ['on-red', 'red', 4.5],
  ['red', 'sheet', 4.5],
  ['red', 'paper', 4.5],
  ['red', 'red-soft', 4.5],
  ['green', 'sheet', 4.5],
  ['green', 'green-soft', 4.5],
  ['rule-strong', 'sheet', 3],
  ['focus', 'paper', 3],
] as const;

describe.each([
  ['light', "[data-theme='light'] {"],
  ['dark', "[data-theme='dark'] {"],
])('%s', (_name, start) => {
  const tokens = block(start);
  it.each(pairs)('%s on %s', (text, ground, least) => {
    expect(contrast(tokens.get(text) ?? '', tokens.get(ground) ?? '')).toBeGreaterThanOrEqual(least);
  });
});

it('the system’s dark is the chosen dark', () => {
  expect(block(':root:not(')).toEqual(block("[data-theme='dark'] {"));
});
