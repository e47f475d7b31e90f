/** A frame that is not what the protocol says; at is the place in it. */
export class ProtocolError extends Error {
  readonly at: string;

  constructor(at: string, problem: string) {
    super(`${at}: ${problem}`);
    this.name = 'ProtocolError';
    this.at = at;
  }
}

type Check<T> = (value: unknown, at: string) => T;

function record(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError(at, 'not an object');
  }
  return value as Readonly<Record<string, unknown>>;
}

function string(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new ProtocolError(at, 'not a string');
  return value;
}

function boolean(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') throw new ProtocolError(at, 'not true or false');
  return value;
}

function integer(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new ProtocolError(at, 'not a whole number');
  return value;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function time(value: unknown, at: string): string {
  const text = string(value, at);
  if (!rfc3339.test(text) || Number.isNaN(Date.parse(text))) throw new ProtocolError(at, 'not a time');
  return text;
}

function oneOf<const T extends string>(...allowed: readonly T[]): Check<T> {
  return (value, at) => {
    const found = allowed.find((name) => name === value);
    if (found === undefined) throw new ProtocolError(at, `not one of ${allowed.join(', ')}`);
    return found;
  };
}

function array<T>(decode: Check<T>): Check<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new ProtocolError(at, 'not a list');
    return value.map((item: unknown, index) => decode(item, `${at}[${index}]`));
  };
}

function required<T>(o: Readonly<Record<string, unknown>>, at: string, key: string, decode: Check<T>): T {
  if (!Object.hasOwn(o, key)) throw new ProtocolError(`${at}.${key}`, 'missing');
  return decode(o[key], `${at}.${key}`);
}

function optional<K extends string, T>(
  o: Readonly<Record<string, unknown>>,
  at: string,
  key: K,
  decode: Check<T>,
): Partial<Record<K, T>> {
  if (!Object.hasOwn(o, key)) return {};
  return { [key]: decode(o[key], `${at}.${key}`) } as Partial<Record<K, T>>;
}
