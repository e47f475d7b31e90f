/** Why a request was not done, in a shape that pages can turn into words. */
export class Problem extends Error {
  /** "network" when no answer came; else the server's code, which may be one this build does not know. */
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Seconds to wait before the next try, when the server said. */
  readonly retryAfter: number | undefined;
  /** What is wrong with which field: the last part of the path, as in "name". */
  readonly fields: readonly string[];

  constructor(code: string, status: number, retryAfter?: number, fields: readonly string[] = []) {
    super(`${code} (${status})`);
    this.name = 'Problem';
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.fields = fields;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Reads what the server answered; a proxy's page of HTML, an empty body and silence are problems too. */
export function toProblem(error: unknown, response?: Response): Problem {
  if (error instanceof Problem) return error;
  if (!response) return new Problem('network', 0);
  const body = record(error);
  const code = typeof body.code === 'string' ? body.code : 'unknown';
  const header = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const inBody = typeof body.retryAfter === 'number' ? body.retryAfter : undefined;
  const wait = inBody ?? (Number.isFinite(header) ? header : undefined);
  const fields = Array.isArray(body.fields)
    ? body.fields.map((field) => lastPart(record(field).location))
    : [];
  return new Problem(code, response.status, wait, fields);
}

function lastPart(location: unknown): string {
  return typeof location === 'string' ? (location.split('.').at(-1) ?? '') : '';
}

/** True when asking again may help without the person doing anything else. */
export function mayPass(problem: unknown): boolean {
  return problem instanceof Problem && (problem.code === 'network' || problem.status >= 500);
}
