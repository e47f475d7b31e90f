import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ownersStatement } from './database.ts';

const binary = process.env.ZVONOK_TEST_BINARY ?? join(import.meta.dirname, '..', '..', 'bin', 'zvonok');

/** One sign-in link of the demo school. */
export interface DemoLink {
  readonly name: string;
  readonly role: 'admin' | 'teacher' | 'student';
  readonly class: string;
  readonly url: string;
}

/** The line of JSON that the server prints once it serves. */
interface Ready {
  readonly url: string;
  readonly links?: DemoLink[] | null;
  readonly lesson?: { id: string; title: string } | null;
  readonly setup?: string | null;
}

/** A real server with a school of its own: a child process, a data folder, ports that survive a restart. */
export class Server {
  private child: ChildProcess | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), 'zvonok-e2e-'));
  private ports: { http: number; media: number } | null = null;
  private ready: Ready | null = null;
  /** Everything that the server wrote to stderr, over all its lives. */
  log = '';

  /** With the demo school, or as on its very first day. */
  static async start(school: 'demo' | 'none' = 'demo'): Promise<Server> {
    const server = new Server();
    // The database runs as another user when the tests run as root.
    chmodSync(server.folder, 0o755);
    server.ports = { http: await freeTCP(), media: await freeUDP() };
    server.ready = await server.launch(school === 'demo' ? ['--demo'] : []);
    return server;
  }

  get url(): string {
    return this.facts().url.replace(/\/$/, '');
  }

  get links(): readonly DemoLink[] {
    return this.facts().links ?? [];
  }

  get lesson(): { id: string; title: string } {
    const lesson = this.facts().lesson;
    if (!lesson) throw new Error('the demo school has no lesson');
    return lesson;
  }

  /** The one-time link that a server without a school prints. */
  get setup(): string {
    const { setup } = this.facts();
    if (!setup) throw new Error('there is a school already');
    return setup;
  }

  /** What the set-up page must show: the key as it lies on the disk. */
  masterKey(): string {
    return readFileSync(join(this.data, 'master.key'), 'utf8').trim();
  }

  /** Runs `zvonok admin` beside the running server, as somebody at its console would; what it printed. */
  async admin(flags: readonly string[], typed = ''): Promise<string> {
    const env = { PATH: process.env.PATH ?? '', ZVONOK_DATA: this.data };
    const child = spawn(binary, ['admin', ...flags], { stdio: ['pipe', 'pipe', 'pipe'], env });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stdin.end(typed);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`zvonok admin: ${String(code)}\n${out}`);
    return out;
  }

  /** A statement of the database's owner, for what only time does: a day cannot be waited for. */
  sql(statement: string): Promise<number> {
    return ownersStatement(join(this.data, 'postgres'), statement);
  }

  /** The link of the n-th person of a role. */
  link(role: DemoLink['role'], index = 0): DemoLink {
    const link = this.links.filter((l) => l.role === role)[index];
    if (link === undefined) throw new Error(`the demo school has no ${role} ${index}`);
    return link;
  }

  /** kill -9, as a power cut would. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Starts again on the same folder and ports. */
  async restart(): Promise<void> {
    await this.launch([]);
  }

  /** Ends the server and removes what it kept; fails when it had to be killed or told names or secrets. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = null;
    let code: unknown = 0;
    if (child !== null && child.exitCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      [code] = await gone;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the server did not end by itself: ${String(code)}\n${this.tail()}`);
    this.checkLog();
  }

  /** The end of the log, for a failure's message. */
  tail(): string {
    return this.log.split('\n').slice(-40).join('\n');
  }

  /** Logs name nobody and hold no token. */
  private checkLog(): void {
    for (const { name, url } of this.links) {
      const secrets = [name, url.split('/').pop() ?? url];
      for (const secret of secrets) {
        if (this.log.includes(secret)) throw new Error(`the server's log tells ${JSON.stringify(secret)}`);
      }
    }
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private facts(): Ready {
    if (this.ready === null) throw new Error('the server was not started');
    return this.ready;
  }

  private async launch(flags: readonly string[]): Promise<Ready> {
    if (this.ports === null) throw new Error('no ports yet');
    const child = spawn(
      binary,
      [
        ...['serve', '--json', '--data', this.data, '--https-listen', ''],
        ...['--listen', `127.0.0.1:${this.ports.http}`, '--media-listen', `:${this.ports.media}`],
        ...flags,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '' } },
    );
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the server ended (${String(code)}) before it was ready\n${this.tail()}`);
    });
    return Promise.race([firstJSON(child), failed]);
  }
}

async function firstJSON(child: ChildProcess): Promise<Ready> {
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    child.stdout.resume();
    return JSON.parse(line) as Ready;
  }
  return new Promise(() => {}); // it is ending, and its end says more
}

async function freeTCP(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function freeUDP(): Promise<number> {
  const probe = createSocket('udp4').bind(0);
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** A Pion client that talks in a lesson: one more voice than there are browsers. */
export class Talker {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  static async arrive(link: string, lesson: string, tone: number, soft: boolean): Promise<Talker> {
    const args = [
      'loadgen',
      '--talk',
      link,
      '--lesson',
      lesson,
      '--tone',
      String(tone),
      ...(soft ? ['--soft'] : []),
    ];
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('no stdout');
    const talker = new Talker(child, createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    await talker.expect('talking');
    return talker;
  }

  /** Opens or closes the microphone. */
  async say(word: 'on' | 'off'): Promise<void> {
    this.child.stdin?.write(`${word}\n`);
    await this.expect(word);
  }

  async leave(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.stdin?.end();
    await gone;
  }

  private async expect(word: string): Promise<void> {
    const { value } = await this.lines.next();
    if (value !== word) throw new Error(`a talker said ${String(value)} instead of ${word}`);
  }
}
