import { fileName } from './extraction.ts';

/** A manifest that names dependencies without pinning them: a blind spot unless a lockfile covers it. */
export interface Unlocked {
  matches(path: string): boolean;
  /** Why it is a blind spot; undefined where a lockfile beside or above it covers it. */
  reason(path: string, files: readonly string[]): string | undefined;
}

function manifest(name: string, locks: readonly string[], advice: string): Unlocked {
  return {
    matches: (path) => fileName(path) === name,
    reason(path, files) {
      const known = new Set(files);
      const parts = path.split('/').slice(0, -1);
      for (let depth = parts.length; depth >= 0; depth -= 1) {
        const folder = parts.slice(0, depth).join('/');
        if (locks.some((lock) => known.has(folder === '' ? lock : `${folder}/${lock}`))) return undefined;
      }
      return `has no lockfile, so its versions are not known; ${advice}`;
    },
  };
}

export const unlocked: readonly Unlocked[] = [
  manifest(
    'package.json',
    ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml'],
    'run `npm install --package-lock-only`',
  ),
  manifest('Cargo.toml', ['Cargo.lock'], 'run `cargo generate-lockfile`'),
  manifest('composer.json', ['composer.lock'], 'run `composer update --no-install`'),
  manifest('Gemfile', ['Gemfile.lock', 'gems.locked'], 'run `bundle lock`'),
  manifest('Pipfile', ['Pipfile.lock'], 'run `pipenv lock`'),
  manifest(
    'pyproject.toml',
    ['poetry.lock', 'uv.lock', 'pdm.lock', 'requirements.txt', 'Pipfile.lock'],
    'lock it with poetry, uv or pdm',
  ),
];
