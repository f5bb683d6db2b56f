import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/client.ts';
import { reasonOf, say, sayEach } from './phrases.ts';
import { explainError } from './problems.ts';
import { isKey, translator } from './translate.ts';

const packages = join(import.meta.dirname, '../../..');

describe('what the server says by codes', () => {
  it('has words for every code that the packages write', () => {
    const files = [
      ...globSync('csirt/src/{run,contain}/*.ts', { cwd: packages }),
      'kydai/src/flow/contain.ts',
    ];
    const codes = new Set(
      files
        .filter((file) => !file.includes('.test.'))
        .flatMap(
          (file) =>
            readFileSync(join(packages, file), 'utf8').match(/'(outcome|evidence|reason)\.[\w-]+'/g) ?? [],
        )
        .map((code) => code.slice(1, -1)),
    );
    expect(codes.size).toBeGreaterThan(20);
    expect([...codes].filter((code) => !isKey(code))).toEqual([]);
  });

  it('is a sentence in either language', () => {
    const ocsp = [{ code: 'evidence.ocsp', values: { revoked: '1', all: '1' } }];
    const line = 'ocsp: 1 of 1 certificates revoked';
    expect(say(ocsp, line, 'vi')).toBe('OCSP trả lời: 1 trên 1 chứng thư số đã bị thu hồi');
    expect(say(ocsp, line, 'en')).toBe('OCSP answers: 1 of 1 certificate revoked');
    const publish = [
      { code: 'evidence.publish-forbidden', values: { device: 'cam-1', policy: 'quarantined-device' } },
    ];
    expect(sayEach(publish, ['decision: publish forbidden by quarantined-device'], 'vi')).toEqual([
      'Bộ quyết định cấm cam-1 gửi dữ liệu (chính sách quarantined-device)',
    ]);
  });

  it('leads from a failure to its cause', () => {
    const phrases = [
      { code: 'outcome.gave-up', values: { n: '4' } },
      { code: 'outcome.no-answer', values: {} },
    ];
    expect(say(phrases, undefined, 'en')).toBe(
      'Failed after 4 attempts: no answer in time, it may still take effect',
    );
  });

  it('keeps the plain line where a code has no words, or none came', () => {
    expect(say([{ code: 'outcome.moon-rose', values: {} }], 'the moon rose', 'vi')).toBe('the moon rose');
    expect(say([{ code: 'nav.overview', values: {} }], 'plain', 'vi')).toBe('plain');
    expect(say([{ code: 'reason.policy', values: { policy: 'p', vi: 'lý do' } }], 'x', 'vi')).toBe('Lý do');
    expect(say(undefined, 'plain', 'vi')).toBe('plain');
    expect(sayEach([], ['a', 'b'], 'en')).toEqual(['a', 'b']);
  });

  it('gives the reason of a policy in the reader’s language, else in the other', () => {
    expect(reasonOf({ reason: 'vì', reasonEn: 'because' }, 'vi')).toBe('vì');
    expect(reasonOf({ reason: 'vì', reasonEn: 'because' }, 'en')).toBe('because');
    expect(reasonOf({ reason: 'vì' }, 'en')).toBe('vì');
  });
});

describe('a problem document', () => {
  const busy = new ApiError(503, { code: 'busy', detail: 'run `1` kept changing; try again' });
  it('is a sentence by its code, with the server’s words as small print', () => {
    expect(explainError(busy, translator('vi'))).toEqual({
      text: 'Máy chủ đang bận. Thử lại sau ít phút.',
      detail: 'run `1` kept changing; try again',
    });
  });

  it('names the reasons of the policies that stood in the way', () => {
    const determining = [
      { id: 'p', effect: 'forbid' as const, reason: 'cần hai yếu tố', reasonEn: 'needs two factors' },
    ];
    const refused = new ApiError(403, { code: 'forbidden', detail: 'no', determining });
    expect(explainError(refused, translator('en'), 'en').text).toBe(
      'A policy forbids this. Needs two factors.',
    );
    expect(explainError(refused, translator('vi'), 'vi').text).toMatch(/Cần hai yếu tố\.$/);
  });

  it('keeps the server’s words where the code has none here', () => {
    expect(explainError(new ApiError(418, { code: 'teapot', detail: 'i am one' }), translator('vi'))).toEqual(
      {
        text: 'i am one',
      },
    );
  });
});
