import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeAnswer,
  decodeRequest,
  decodeServerMessage,
  eventNames,
  ProtocolError,
  type RequestName,
  requestNames,
} from './generated.ts';

// The files that the server's tests read, too.
const folder = join(import.meta.dirname, '../../../signaling/testdata/golden');

interface Frame {
  readonly t: string;
  readonly id?: number;
  readonly d: unknown;
}

function golden(name: string): Frame {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Frame;
}

const names = readdirSync(folder).map((file) => file.replace('.json', ''));
const answers = requestNames.filter((name) => names.includes(`answer_${name}`));

/** What decodes a golden file's frame, given another d. */
function decoderOf(name: string): (d: unknown) => unknown {
  const frame = golden(name);
  const [kind = '', ...rest] = name.split('_');
  const type = rest.join('_') as RequestName;
  if (kind === 'request') return (d) => decodeRequest(type, d);
  if (kind === 'answer') {
    return (d) => {
      const message = decodeServerMessage({ ...frame, d });
      return message.t === 'ok' ? decodeAnswer(type, message.d) : message;
    };
  }
  return (d) => decodeServerMessage({ ...frame, d }).d;
}

// Fields that may be left out; the last part of their path.
const optional = new Set([
  'resume',
  'before',
  'endsAt',
  'handAt',
  'savedTo',
  'since',
  'trouble',
  'retryAfter',
]);

/** Every copy of value that lacks one field or has one of another type, with what was done to it. */
function* broken(value: unknown, at = 'd'): Generator<readonly [string, unknown]> {
  if (Array.isArray(value)) {
    const first: unknown = value[0];
    for (const [how, worse] of broken(first, `${at}[0]`)) yield [how, [worse, ...value.slice(1)]];
    yield [`${at} is an object`, {}];
    return;
  }
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      if (!optional.has(key)) yield [`${at}.${key} is missing`, rest];
      for (const [how, worse] of broken(inner, `${at}.${key}`)) yield [how, { ...value, [key]: worse }];
    }
    yield [`${at} is a list`, []];
  }
  if (value !== undefined) yield [`${at} is null`, null];
  if (typeof value === 'number') yield [`${at} is a fraction`, 0.5];
  if (typeof value === 'string') yield [`${at} is a number`, 1];
  if (typeof value === 'boolean') yield [`${at} is a string`, 'true'];
}

describe('golden messages', () => {
  it('are there for every request, event and error', () => {
    const wanted = [
      ...requestNames.map((name) => `request_${name}`),
      ...eventNames.map((name) => `event_${name}`),
      ...answers.map((name) => `answer_${name}`),
      'error',
    ];
    expect([...names].sort()).toEqual(wanted.sort());
  });

  it.each(names)('%s is decoded whole', (name) => {
    const { d } = golden(name);
    expect(decoderOf(name)(d)).toEqual(d);
  });

  it.each(names)('%s is refused in every wrong shape', (name) => {
    const decode = decoderOf(name);
    for (const [how, worse] of broken(golden(name).d)) {
      expect(() => decode(worse), how).toThrow(ProtocolError);
    }
  });
});

describe('decodeServerMessage', () => {
  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['no type', { n: 1, d: {} }],
    ['an unknown type', { t: 'gossip', n: 1, d: {} }],
    ['an inherited name for a type', { t: 'toString', n: 1, d: {} }],
    ['no number', { t: 'bye', d: { reason: 'left' } }],
    ['an unknown reason', { t: 'bye', n: 0, d: { reason: 'bored' } }],
    ['a time that is none', { t: 'room', n: 1, d: { state: 'live', endsAt: 'soon' } }],
  ])('refuses %s', (_, frame) => {
    expect(() => decodeServerMessage(frame)).toThrow(ProtocolError);
  });

  it('leaves out what it does not know', () => {
    const frame = { t: 'bye', n: 0, d: { reason: 'left', mood: 'good' } };
    expect(decodeServerMessage(frame)).toEqual({ t: 'bye', n: 0, d: { reason: 'left' } });
  });
});
