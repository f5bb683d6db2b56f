import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathPattern, plainPath } from './path.ts';
import { compileRoutes } from './routes.ts';

describe('the path of a held request', () => {
  it('loses its query and keeps its case, with escapes in one spelling', () => {
    expect(plainPath('/Cameras/c%c3%a9?x=/..')).toBe('/Cameras/c%C3%A9');
  });

  it.each([
    ['nothing', ''],
    ['another form of target', 'http://host/a'],
    ['a dot segment', '/a/../b'],
    ['a dot segment at the end', '/a/..'],
    ['an empty segment', '/a//b'],
    ['an escaped dot', '/a/%2e%2E/b'],
    ['an escaped slash', '/a%2fb'],
    ['an escaped letter, which a service would read as the letter', '/%61dmin'],
    ['a backslash', '/a\\..\\b'],
    ['an escaped backslash', '/a%5cb'],
    ['a path parameter', '/admin;x=1/a'],
    ['a fragment', '/a#/b'],
    ['a control', '/a%00b'],
    ['half an escape', '/a%4'],
    ['a character that is not ASCII', '/é'],
    ['8,193 characters', `/${'a'.repeat(8192)}`],
  ])('is none for %s', (_, target) => {
    expect(plainPath(target)).toBeUndefined();
  });

  it('never reads differently after a URL parser has had it', () => {
    const target = fc.string({ unit: fc.constantFrom(...'/.%2eEfF5cab;\\#?é \t'), maxLength: 20 });
    fc.assert(
      fc.property(target, (text) => {
        const path = plainPath(`/${text}`);
        if (path !== undefined) expect(new URL(`http://x${path}`).pathname).toBe(path);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a path pattern', () => {
  it.each([
    ['/readings', '/readings', {}],
    ['/readings', '/readings/', undefined],
    ['/readings/**', '/readings', {}],
    ['/readings/**', '/readings/a/b', {}],
    ['/readings/**', '/readingsX', undefined],
    ['/**', '/', {}],
    ['/**', '/a/b', {}],
    ['/cameras/{id}/stream', '/cameras/cam-1/stream', { id: 'cam-1' }],
    ['/cameras/{id}/stream', '/cameras//stream', undefined],
    ['/đèn/{id}', '/%C4%91%C3%A8n/7', { id: '7' }],
  ])('%s on %s', (pattern, path, expected) => {
    const values = pathPattern(pattern)?.(path);
    expect(values && Object.fromEntries(values)).toEqual(expected);
  });

  it.each(['readings', '/a/**/b', '/a/{id', '/{a}/{a}', '/a*', '/a/../b', '/a?b'])(
    'is none: %s',
    (pattern) => {
      expect(pathPattern(pattern)).toBeUndefined();
    },
  );
});

describe('the routes', () => {
  const route = (method: string, path: string, id: string) => ({
    method,
    path,
    action: 'publish',
    resource: { type: 'Dataset', id },
  });
  const table = compileRoutes(
    [route('GET|HEAD', '/cameras/{id}', 'video-{id}'), route('*', '/cameras/**', 'all')],
    (action) => action === 'publish',
  );

  it('are tried in order, by method and path', () => {
    expect(table('GET', '/cameras/7?a')?.resource).toEqual({ type: 'Dataset', id: 'video-7' });
    expect(table('POST', '/cameras/7')?.resource.id).toBe('all');
    expect(table('get', '/cameras/7')?.resource.id).toBe('all');
    expect(table('GET', '/other')).toBeUndefined();
  });

  it('decode what goes into an id', () => {
    expect(table('GET', '/cameras/%C4%91')?.resource.id).toBe('video-đ');
    expect(table('GET', '/cameras/%FF')?.resource.id).toBe('video-%FF');
  });

  it.each([
    [route('*', 'cameras', 'x'), /not a path pattern/],
    [route('*', '/a', 'x-{id}'), /no segment `\{id\}`/],
    [{ ...route('*', '/a', 'x'), action: 'fly' }, /no action `fly`/],
  ])('are refused with their place', (bad, message) => {
    const compile = () => compileRoutes([bad], (action) => action === 'publish');
    expect(compile).toThrow(message);
    expect(compile).toThrow(expect.objectContaining({ code: 'setting' }));
  });
});
