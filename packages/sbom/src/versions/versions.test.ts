import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { versionScheme } from './index.ts';

const ecosystems = [
  'npm',
  'PyPI',
  'Maven',
  'RubyGems',
  'Packagist',
  'NuGet',
  'Pub',
  'CRAN',
  'Hackage',
  'Debian',
  'Alpine',
  'Red Hat',
];
const piece = fc.oneof(
  fc.nat(30).map(String),
  fc.constantFrom(
    'alpha',
    'beta',
    'rc',
    'RC',
    'dev',
    'post',
    'pre',
    'ga',
    'final',
    'SNAPSHOT',
    'p',
    'a',
    'z',
    'x',
  ),
);
const version = fc
  .array(fc.tuple(fc.constantFrom('.', '-', '_', '+', '~', ''), piece), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.map(([separator, text], i) => (i === 0 ? text : separator + text)).join(''));

describe.each(ecosystems)('the order of %s', (ecosystem) => {
  const scheme = versionScheme(ecosystem)!;

  it('holds every version equal to itself', () => {
    fc.assert(fc.property(version, (a) => scheme.compare(a, a) === 0));
  });

  it('is the reverse when the two are swapped', () => {
    fc.assert(
      fc.property(
        version,
        version,
        (a, b) => Math.sign(scheme.compare(a, b)) === -Math.sign(scheme.compare(b, a)) + 0,
      ),
    );
  });

  it('never throws and never hangs, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        (a, b) => !Number.isNaN(scheme.compare(a, b)),
      ),
    );
    const long = '1.'.repeat(20_000);
    const words = 'a1-'.repeat(20_000);
    expect(Number.isFinite(scheme.compare(long, words))).toBe(true);
  });

  it('orders plain numbers as numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(99), { minLength: 3, maxLength: 3 }), fc.nat(2), (numbers, at) => {
        const next = numbers.with(at, numbers[at]! + 1);
        // CRAN and the like aside, a leading zero would make a fraction in Alpine.
        const a = numbers.map((n) => n + 1).join('.');
        const b = next.map((n) => n + 1).join('.');
        return scheme.compare(a, b) < 0;
      }),
    );
  });
});

describe('version schemes', () => {
  it('are found by the base name of a distribution release', () => {
    expect(versionScheme('Debian:12')).toBe(versionScheme('Debian'));
    expect(versionScheme('Alpine:v3.20')?.name).toBe('apk');
  });

  it('are absent for an ecosystem that nobody told us of', () => {
    expect(versionScheme('Unheard')).toBeUndefined();
  });

  it.each([
    ['npm', '1.0.0-rc.1', '1.0.0'],
    ['PyPI', '1.0.dev1', '1.0a1'],
    ['PyPI', '1.0', '1.0.post1'],
    ['Maven', '1.0-SNAPSHOT', '1.0'],
    ['Maven', '2.0-rc1', '2.0'],
    ['Debian:12', '1.0~rc1-1', '1.0-1'],
    ['Debian:12', '9.9', '1:0.1'],
    ['Alpine:v3.20', '1.2.3_rc1-r0', '1.2.3-r0'],
    ['Red Hat', '1.0~beta', '1.0'],
    ['RubyGems', '2.0.0.pre1', '2.0.0'],
    ['Packagist', '1.0.0-beta1', '1.0.0'],
    ['NuGet', '1.0.0', '1.0.0.1'],
    ['Go', 'v1.2.3', '1.2.4'],
  ])('of %s put %s before %s', (ecosystem, lower, higher) => {
    const scheme = versionScheme(ecosystem)!;
    expect(scheme.compare(lower, higher)).toBeLessThan(0);
    expect(scheme.valid(lower) && scheme.valid(higher)).toBe(true);
  });

  it('say which text is no version', () => {
    expect(versionScheme('npm')!.valid('latest')).toBe(false);
    expect(versionScheme('npm')!.valid('github:a/b')).toBe(false);
    expect(versionScheme('PyPI')!.valid('not a version')).toBe(false);
    expect(versionScheme('Alpine')!.valid('1.2_blah')).toBe(false);
  });
});
