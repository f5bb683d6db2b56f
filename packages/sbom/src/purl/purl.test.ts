import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SbomError } from '../error.ts';
import { formatPurl, parsePurl } from './purl.ts';

const text = fc
  .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
  .filter((each) => !/^[./]*$/.test(each));

describe('package urls', () => {
  it('come back from their own text', () => {
    fc.assert(
      fc.property(
        fc.record({
          type: fc.constantFrom('npm', 'maven', 'generic', 'golang', 'nuget'),
          namespace: fc.option(
            text.map((each) => each.replaceAll('/', '-')),
            { nil: null },
          ),
          name: text.map((each) => each.replaceAll('/', '-')),
          version: fc.option(text, { nil: null }),
          qualifiers: fc.option(
            fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/), text, { minKeys: 1, maxKeys: 3 }),
            { nil: null },
          ),
        }),
        (parts) => {
          const once = formatPurl(parts);
          expect(formatPurl(parsePurl(once))).toBe(once);
        },
      ),
    );
  });

  it('never throw anything but an error on purpose', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (garbage) => {
        try {
          parsePurl(`pkg:${garbage}`);
        } catch (error) {
          expect(error).toBeInstanceOf(SbomError);
          expect((error as SbomError).code).toBe('invalid-purl');
        }
      }),
    );
  });

  it('keep a scope apart from the name, encoded or not', () => {
    expect(parsePurl('pkg:npm/%40angular/core@1.0.0')).toMatchObject({ namespace: '@angular', name: 'core' });
    expect(parsePurl('pkg:npm/@angular/core@1.0.0')).toMatchObject({
      namespace: '@angular',
      version: '1.0.0',
    });
  });

  it('do not let a qualifier reach the prototype', () => {
    const purl = parsePurl('pkg:npm/a@1?constructor=x');
    expect(Object.getPrototypeOf(purl.qualifiers)).toBe(Object.prototype);
    expect(purl.qualifiers).toEqual({ constructor: 'x' });
    expect(() => parsePurl('pkg:npm/a@1?__proto__=x')).toThrow(SbomError);
  });

  it.each(['', 'pkg:', 'pkg:npm', 'pkg:npm/', 'npm/a', 'pkg:npm/a%ZZ', `pkg:npm/${'a'.repeat(10_000)}`])(
    'refuse %s',
    (wrong) => {
      expect(() => parsePurl(wrong)).toThrow(expect.objectContaining({ code: 'invalid-purl' }));
    },
  );
});
