import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Runs one statement in the embedded database as its owner and says how many rows it touched. The socket lets in the
 * user of the operating system that the server runs as, so there is nothing to exchange but the statement
 * (PostgreSQL 18, chapter 54, "Frontend/Backend Protocol").
 */
export async function ownersStatement(folder: string, statement: string): Promise<number> {
  const socket = connect(join(socketFolder(folder), '.s.PGSQL.5432'));
  try {
    await once(socket, 'connect');
    const messages = read(socket);
    const facts = Buffer.from('user\0postgres\0database\0zvonok\0search_path\0zvonok\0\0');
    const start = Buffer.alloc(8);
    start.writeInt32BE(8 + facts.length, 0);
    start.writeInt32BE(3 << 16, 4); // the protocol's version
    socket.write(Buffer.concat([start, facts]));
    await until(messages, 'Z');
    const text = Buffer.from(`${statement}\0`);
    const query = Buffer.alloc(5);
    query.write('Q', 0);
    query.writeInt32BE(4 + text.length, 1);
    socket.write(Buffer.concat([query, text]));
    const done = await until(messages, 'C');
    return Number(/(\d+)\0$/.exec(done)?.[1] ?? Number.NaN);
  } finally {
    socket.destroy();
  }
}

/** The fifth line of postmaster.pid names the folder of the socket. */
function socketFolder(folder: string): string {
  const pid = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((f) =>
    f.endsWith('postmaster.pid'),
  );
  if (pid === undefined) throw new Error(`no database runs in ${folder}`);
  const place = readFileSync(join(folder, pid), 'utf8').split('\n')[4];
  if (!place) throw new Error('the database has no socket yet');
  return place;
}

interface Message {
  readonly type: string;
  readonly body: string;
}

async function* read(socket: Socket): AsyncGenerator<Message> {
  let kept = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= 5 && kept.length > kept.readInt32BE(1)) {
      const end = 1 + kept.readInt32BE(1);
      yield { type: String.fromCharCode(kept[0] ?? 0), body: kept.toString('utf8', 5, end) };
      kept = kept.subarray(end);
    }
  }
}

async function until(messages: AsyncGenerator<Message>, type: string): Promise<string> {
  for (;;) {
    const { value, done } = await messages.next();
    if (done === true) throw new Error('the database hung up');
    if (value.type === 'E') throw new Error(`the database refused: ${value.body}`);
    if (value.type === type) return value.body;
  }
}
