import { copyFileSync, linkSync, mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoleName } from './fixtures/cast.ts';
import { filesOf } from './fixtures/make.ts';

/**
 * A fake camera that can be pulled while the browser captures from it. The browser lists it as long as its file can be
 * read, and ends its track by itself once nothing comes from the file any more.
 */
export class Camera {
  private readonly folder = mkdtempSync(join(tmpdir(), 'zvonok-camera-'));
  private readonly path = join(this.folder, 'camera.y4m');
  private pulled = 0;

  /** A torn one can be opened and gives no picture. */
  constructor(role: RoleName, state: 'whole' | 'torn' = 'whole') {
    this.plugIn(role, state);
  }

  /** For the browser that shall have it. */
  get flag(): string {
    return `--use-file-for-fake-video-capture=${this.path}`;
  }

  plugIn(role: RoleName, state: 'whole' | 'torn' = 'whole'): void {
    const { camera } = filesOf(role);
    const draft = join(this.folder, 'draft.y4m');
    copyFileSync(camera, draft);
    if (state === 'torn') truncateSync(draft, 100_000);
    renameSync(draft, this.path);
  }

  /** Whoever captures from it gets nothing any more, and it is no longer there. */
  pull(): void {
    const old = this.keep();
    rmSync(this.path);
    truncateSync(old, 0);
  }

  /** The same, with another camera in its place. */
  replaceBy(role: RoleName): void {
    const old = this.keep();
    this.plugIn(role);
    truncateSync(old, 0);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Another name of the file, for when the path is another's. */
  private keep(): string {
    const old = join(this.folder, `pulled-${this.pulled++}.y4m`);
    linkSync(this.path, old);
    return old;
  }
}
