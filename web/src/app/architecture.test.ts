import { describe, expect, it } from 'vitest';

const files = import.meta.glob<string>('/src/**/*.{ts,tsx}', {
  eager: true,
  query: '?raw',
  import: 'default',
});

/** Who may import whom; a folder may always import itself. */
const below: Record<string, readonly string[]> = {
  app: ['features', 'parts', 'ui', 'api', 'rtc', 'protocol'],
  features: ['parts', 'ui', 'api', 'rtc', 'protocol'],
  parts: ['ui', 'api', 'rtc', 'protocol'],
  api: ['protocol'],
  rtc: ['protocol'],
  ui: [],
  protocol: [],
};

function importsOf(code: string): string[] {
  return [...code.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((found) => found[1] ?? '');
}

/** The path from src that an import means, or nothing for a package or a document outside. */
function target(file: string, name: string): string | undefined {
  if (name.startsWith('@/')) return name.slice(2);
  if (!name.startsWith('.')) return undefined;
  const path = new URL(name, `file://${file}`).pathname;
  return path.startsWith('/src/') ? path.slice('/src/'.length) : undefined;
}

function folderOf(path: string): string {
  const [area = '', feature = ''] = path.split('/');
  return area === 'features' ? `features/${feature}` : area;
}

describe('imports go down', () => {
  it.each(Object.entries(files))('%s', (file, code) => {
    const from = file.replace(/^\/src\//, '');
    const area = from.split('/')[0] ?? '';
    for (const name of importsOf(code)) {
      const to = target(file, name);
      if (to === undefined || folderOf(to) === folderOf(from)) continue;
      const allowed = below[area] ?? [];
      expect(allowed, `${from} imports ${to}`).toContain(to.split('/')[0]);
    }
  });

  it('the media client runs without React', () => {
    for (const [file, code] of Object.entries(files)) {
      if (!/^\/src\/(rtc|protocol)\//.test(file)) continue;
      expect(
        importsOf(code).filter((name) => /^react/.test(name)),
        file,
      ).toEqual([]);
    }
  });

  it('components and hooks stay short', () => {
    for (const [file, code] of Object.entries(files)) {
      if (!/^\/src\/(ui|parts|app|features)\//.test(file) || file.includes('.test.')) continue;
      for (const [, name = '', body = ''] of code.matchAll(
        /^(?:export (?:default )?)?function (\w+)([\s\S]*?^\})/gm,
      )) {
        const limit = /^use[A-Z]/.test(name) ? 60 : 150;
        expect(body.split('\n').length, `${file}: ${name}`).toBeLessThanOrEqual(limit);
      }
    }
  });
});
