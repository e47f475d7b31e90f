// Fails when src/api/generated is not what the committed OpenAPI document produces.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('..', import.meta.url));
const committed = join(web, 'src/api/generated');
const fresh = mkdtempSync(join(tmpdir(), 'zvonok-openapi-'));

function read(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const pairs = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length), readFileSync(path, 'utf8')];
  });
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

try {
  const env = { ...process.env, ZVONOK_GENERATED: fresh };
  execFileSync('npm', ['run', '-s', 'generate', '--', '--silent'], { cwd: web, stdio: 'inherit', env });
  if (read(fresh) !== read(committed)) {
    console.error(
      'The web client is older than the OpenAPI document: run "npm run generate" and commit the result.',
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
