import type { ObligationClock } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { obligations, sources } from '../../dev/data.ts';
import { decisions } from '../../dev/events.ts';
import { quarantineReasonOf } from '../language/named.ts';
import { foldRepeats } from '../pages/decisions.tsx';
import { actionsFor } from '../pages/incident/allowed.ts';
import { sayContainment, tell } from '../pages/incident/tell.ts';
import { fold } from '../shell/fold.ts';
import { imbalance, sumAccounts } from './account.tsx';
import { certificateStatus, toPem } from './certificate.tsx';
import { citationIn, judgeDeadline } from './deadline.tsx';
import { shorten } from './reference.tsx';
import { niceTop } from './time-bars.tsx';

describe('an account of a source', () => {
  it('balances, alone and in sum', () => {
    expect(sources.map(imbalance)).toEqual(sources.map(() => 0));
    expect(imbalance(sumAccounts(sources))).toBe(0);
  });

  it('shows what is missing', () => {
    expect(imbalance({ received: 10, kept: 6, refused: 1, dropped: 0, pending: 1 })).toBe(2);
  });
});

describe('a legal deadline', () => {
  const clock: ObligationClock = { ...obligations[0]!, started: 0, due: 100 };
  it('runs, comes close in its last quarter, and is overdue after its end', () => {
    expect(judgeDeadline(clock, 10)).toEqual({ state: 'running', gap: 90, used: 0.1 });
    expect(judgeDeadline(clock, 80).state).toBe('close');
    expect(judgeDeadline(clock, 130)).toEqual({ state: 'overdue', gap: 30, used: 1 });
  });

  it('is met in time or late, whatever the time is now', () => {
    expect(judgeDeadline({ ...clock, met: 40 }, 9000).state).toBe('met');
    expect(judgeDeadline({ ...clock, met: 140 }, 0)).toEqual({ state: 'met-late', gap: 40, used: 1 });
  });
});

describe('the top of a scale', () => {
  it('is never below the highest bar and never more than two and a half times above it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), (max) => {
        expect(niceTop(max)).toBeGreaterThanOrEqual(max);
        expect(niceTop(max)).toBeLessThanOrEqual(max * 2.5);
      }),
    );
  });
});

describe('an incident', () => {
  it('offers what fits its state, acknowledging first when it is new', () => {
    expect(actionsFor({ state: 'new', times: {} })[0]).toBe('open');
    expect(actionsFor({ state: 'closed', times: {} })).not.toContain('close');
    const reported = { at: 1, source: 'user:a', precision: 'minute', confidence: 'high' } as const;
    expect(actionsFor({ state: 'open', times: { reported } })).not.toContain('report');
  });

  it('tells its story in both languages, with the names of steps in the language of the reader', () => {
    const base = { at: 1, kind: 'detection', actor: 'user:lan.tran' } as const;
    const rule = { ...base, code: 'detection', values: { rule: 'Dò mật khẩu', detection: 'x' } };
    expect(tell(rule, 'vi').text).toBe('Luật “Dò mật khẩu” khớp');
    expect(tell(rule, 'en').text).toBe('Rule “Dò mật khẩu” matched');
    const named = { ...rule, values: { rule: 'Password guessing', ruleVi: 'Dò mật khẩu', detection: 'x' } };
    expect(tell(named, 'vi').text).toBe('Luật “Dò mật khẩu” khớp');
    expect(tell(named, 'en').text).toBe('Rule “Password guessing” matched');
    const step = { ...base, code: 'step.done', values: { step: 'Cut it off', outcome: 'ok' } };
    const names = new Map([['Cut it off', 'Cách ly']]);
    expect(tell(step, 'vi', names)).toEqual({ text: 'Xong bước “Cách ly”', detail: 'ok' });
    const close = { ...base, code: 'action.close', values: { comment: 'xong', from: 'open', to: 'closed' } };
    expect(tell(close, 'en')).toEqual({ text: 'lan.tran closed the incident', quote: 'xong' });
    const notice = { ...base, code: 'notice', values: { audience: 'SOC', vi: 'Gọi điện', en: 'Call' } };
    expect(tell(notice, 'vi')).toEqual({ text: 'Gọi điện', detail: 'Thông báo cho SOC' });
  });

  it('says a containment in words and leaves other outcomes alone', () => {
    expect(sayContainment('quarantine-device device:cam-001', 'vi')).toBe('cô lập thiết bị cam-001');
    expect(sayContainment('block-address address:2001:db8::1', 'en')).toBe('block address 2001:db8::1');
    expect(sayContainment('told soc in the story', 'vi')).toBe('told soc in the story');
    expect(sayContainment('launch-rocket device:cam-001', 'vi')).toBe('launch-rocket device:cam-001');
  });

  it('hides no entry that it has no words for', () => {
    const entry = {
      at: 1,
      kind: 'run',
      code: 'moon.rose',
      values: { phase: 'full' },
      actor: 'system',
    } as const;
    expect(tell(entry, 'en').text).toBe('moon.rose: full');
  });

  it('shortens long references only', () => {
    expect(shorten('event:0198c0de-0000-7000-a000-00000000d41a')).toBe('event:0198…d41a');
    expect(shorten(`tls.hash=${'ab12'.repeat(16)}`)).toBe('tls.hash=ab12…ab12');
    expect(shorten('drill-camera-e40c0e')).toBe('drill-camera-e40c0e');
    expect(shorten('user:lan.tran')).toBe('user:lan.tran');
  });
});

describe('lists', () => {
  it('are found without Vietnamese marks', () => {
    expect(fold('Sự cố Đông Ba')).toBe('su co dong ba');
  });
});

describe('decisions', () => {
  const one = decisions[0]!;
  it('that repeat become one row with their number, the newest time first', () => {
    const rows = foldRepeats([
      { ...one, at: 3 },
      { ...one, at: 2 },
      { ...one, at: 1, allowed: !one.allowed, outcome: 'not-permitted', determining: [] },
      { ...one, at: 0 },
    ]);
    expect(rows.map(({ at, times }) => [at, times])).toEqual([
      [3, 2],
      [1, 1],
      [0, 1],
    ]);
  });
});

describe('why a device is quarantined', () => {
  const incident = { title: 'Camera botnet: cam-1', titleVi: 'Mạng botnet camera: cam-1' };
  it('names the playbook in the language of the reader, and leaves the words of people', () => {
    expect(quarantineReasonOf('playbook: Camera botnet', [incident], 'vi')).toBe(
      'kịch bản “Mạng botnet camera”',
    );
    expect(quarantineReasonOf('playbook: Camera botnet', [incident], 'en')).toBe(
      'the playbook “Camera botnet”',
    );
    expect(quarantineReasonOf('playbook: Other', [incident], 'vi')).toBe('kịch bản “Other”');
    expect(quarantineReasonOf('mất ở chợ', [incident], 'en')).toBe('mất ở chợ');
  });
});

describe('a citation', () => {
  it('is written as the law is called in the language of the reader', () => {
    expect(citationIn('Law 91/2025/QH15, Art 23; Decree 356/2025/NĐ-CP, Form 08', 'vi')).toBe(
      'Luật 91/2025/QH15, Điều 23; Nghị định 356/2025/NĐ-CP, Mẫu 08',
    );
    expect(citationIn('Law 91/2025/QH15, Art 23', 'en')).toBe('Law 91/2025/QH15, Art 23');
  });
});

describe('a certificate', () => {
  const certificate = { notAfter: 100 } as Parameters<typeof certificateStatus>[0];
  it('is expired from the moment of its end, and revoked before all else', () => {
    expect(certificateStatus(certificate, 99)).toBe('valid');
    expect(certificateStatus(certificate, 100)).toBe('expired');
    const revoked = { at: 1, reason: 'superseded', by: 'user:a' } as const;
    expect(certificateStatus({ ...certificate, revoked }, 200)).toBe('revoked');
  });

  it('is written as PEM in lines of 64', () => {
    const lines = toPem('A'.repeat(130)).trimEnd().split('\n');
    expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 2, 25]);
  });
});
