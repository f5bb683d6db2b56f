import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialsOf, isForgery, withoutSession } from './credentials.ts';

const of = (cookie: string | null, authorization: string | null = null, site: string | null = null) =>
  credentialsOf({ cookie, authorization, site });

describe('the credentials of a held request', () => {
  it('are a bearer before a session cookie, and nothing where there is neither', () => {
    expect(of(null).headers).toBeUndefined();
    expect(of('lang=vi').headers).toBeUndefined();
    expect(of('lang=vi; kydai_session=s').headers?.get('cookie')).toBe('lang=vi; kydai_session=s');
    const both = of('kydai_session=s', 'Bearer kds_x').headers;
    expect([both?.get('authorization'), both?.get('cookie')]).toEqual(['Bearer kds_x', null]);
    expect(of('xkydai_session=s').headers).toBeUndefined();
  });

  it('are a forgery where a page of another site changes something by them', () => {
    const from = (site: string | null) => of('kydai_session=s', null, site);
    expect(isForgery('POST', from('cross-site'))).toBe(true);
    expect(isForgery('POST', from('same-site'))).toBe(true);
    expect(isForgery('GET', from('cross-site'))).toBe(false);
    for (const site of ['same-origin', 'none', null, '']) expect(isForgery('DELETE', from(site))).toBe(false);
  });

  it('leave the service every cookie but ours, however it is written', () => {
    expect(withoutSession(of(null))).toEqual({});
    expect(withoutSession(of('a=1; kydai_session=s; b=2'))).toMatchObject({ cookie: 'a=1; b=2' });
    expect(withoutSession(of('kydai_session=s'))).toMatchObject({ 'x-kydai-cookie': '' });
    expect(withoutSession(of('kydai_session=s;kydai_session=t;a=1'))).toMatchObject({ cookie: 'a=1' });
    const cookie = fc.string({ unit: fc.constantFrom(...'kydai_session=;, \t"a\u00e9'), maxLength: 60 });
    fc.assert(
      fc.property(cookie, (text) => {
        const rest = withoutSession(of(`${text};kydai_session=secret`))['cookie'] ?? '';
        expect(rest).not.toContain('secret');
        expect(() => new Headers({ cookie: rest })).not.toThrow();
      }),
    );
  });
});
