import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

const files = import.meta.glob<string>(['/src/**/*.{ts,tsx}', '!/src/**/*.test.{ts,tsx}'], {
  eager: true,
  query: '?raw',
  import: 'default',
});

/** Attributes whose text a person reads or hears. */
const spoken = new Set([
  'title',
  'label',
  'alt',
  'placeholder',
  'aria-label',
  'aria-description',
  'aria-valuetext',
  'text',
  'caption',
  'hint',
]);
const letters = /\p{L}{2,}/u;

interface Node {
  type: string;
  [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function textOf(value: unknown): string {
  if (!isNode(value)) return '';
  if (value.type === 'JSXExpressionContainer') return textOf(value.expression);
  return value.type === 'Literal' || value.type === 'JSXText' ? String(value.value) : '';
}

/** Text that would be shown without passing through a catalogue. */
function shownLiterals(node: Node): string[] {
  const found: string[] = [];
  const name = isNode(node.name) ? String(node.name.name) : '';
  if (node.type === 'JSXText') found.push(textOf(node));
  if (node.type === 'JSXAttribute' && spoken.has(name)) found.push(textOf(node.value));
  if (node.type === 'Literal' && typeof node.value === 'string' && /\p{Script=Cyrillic}/u.test(node.value))
    found.push(node.value);
  const children = Array.isArray(node.children) ? node.children : [];
  for (const child of children)
    if (isNode(child) && child.type === 'JSXExpressionContainer') found.push(textOf(child));
  for (const value of Object.values(node)) {
    for (const inner of Array.isArray(value) ? value : [value])
      if (isNode(inner)) found.push(...shownLiterals(inner));
  }
  return found.filter((text) => letters.test(text));
}

describe('words are in the catalogues', () => {
  it('sees a literal', () => {
    const { program } = parseSync('x.tsx', `const a = <p title="Close it">{'Hello'} there</p>;`);
    expect(new Set(shownLiterals(program as unknown as Node))).toEqual(
      new Set(['Close it', 'Hello', ' there']),
    );
  });

  it.each(Object.entries(files))('%s', (path, code) => {
    const { program } = parseSync(path, code);
    expect(shownLiterals(program as unknown as Node)).toEqual([]);
  });
});
