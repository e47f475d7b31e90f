import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RoleName } from './fixtures/cast.ts';
import { filesOf } from './fixtures/make.ts';

const script = join(import.meta.dirname, '..', '..', 'api', 'whip', 'testdata', 'webrtcbin.py');

/** What the dialog gives for a device. */
export interface Door {
  readonly url: string;
  readonly token: string;
}

/** GStreamer's webrtcbin, which knows WHIP's one POST and nothing of us: it sends H.264 and Opus. */
export class Encoder {
  private readonly child: ChildProcess;
  /** Everything that it wrote. */
  log = '';

  /** Sends the pictures of a role's camera, with a tone in Hz. */
  constructor(door: Door, film: RoleName, tone: number) {
    const args = [script, 'publish', door.url, 'h264', door.token, filesOf(film).camera, String(tone)];
    this.child = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
