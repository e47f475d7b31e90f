import type { Answers, RequestName } from '@/protocol/generated.ts';
import { RequestError } from './errors.ts';
import type { Clock } from './timers.ts';

interface Waiting {
  readonly t: RequestName;
  resolve(answer: unknown): void;
  reject(problem: RequestError): void;
  cancelDeadline(): void;
}

/** The requests in flight on one socket, by number, each with its deadline. */
export class Pending {
  readonly #clock: Clock;
  readonly #within: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(clock: Clock, within: number) {
    this.#clock = clock;
    this.#within = within;
  }

  add<K extends RequestName>(t: K): { id: number; answer: Promise<Answers[K]> } {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Answers[K]>((resolve, reject) => {
      const cancelDeadline = this.#clock.after(this.#within, () => {
        this.reject(id, new RequestError('late', `${t}: no answer in ${this.#within} ms`));
      });
      this.#waiting.set(id, { t, resolve: (a) => resolve(a as Answers[K]), reject, cancelDeadline });
    });
    return { id, answer };
  }

  typeOf(id: number): RequestName | undefined {
    return this.#waiting.get(id)?.t;
  }

  resolve(id: number, answer: unknown): void {
    this.#take(id)?.resolve(answer);
  }

  reject(id: number, problem: RequestError): void {
    this.#take(id)?.reject(problem);
  }

  rejectAll(problem: RequestError): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, problem);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancelDeadline();
    return waiting;
  }
}
