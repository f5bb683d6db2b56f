import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUrgent, urgentPrograms } from './urgent.ts';

const programs = new Set(urgentPrograms);
const urgent = (text: string) => isUrgent(Buffer.from(text), programs);

test('a message of auth, authpriv, audit or alert is urgent, whatever follows', () => {
  for (const facility of [4, 10, 13, 14]) {
    for (const severity of [0, 6, 7]) expect(urgent(`<${facility * 8 + severity}>x`)).toBe(true);
  }
  for (const priority of ['<0>', '<13>', '<30>', '<134>', '<191>'])
    expect(urgent(`${priority}x`)).toBe(false);
});

test('a message of a security program is urgent in each form of header', () => {
  for (const header of [
    '<30>Nov 21 20:26:00 vm ',
    '<30>Nov  1 20:26:00 vm ',
    'Nov 21 20:26:00 vm ',
    '<30>1 2026-11-21T20:26:00.123+07:00 vm ',
    '<30>1 - - ',
    '<30>2026-11-21T20:26:00.123+07:00 vm ',
  ]) {
    for (const name of ['sshd', 'sudo', 'auditd', 'systemd-logind']) {
      for (const end of ['[12]: x', ': x', ' 12 - - x']) expect(urgent(header + name + end)).toBe(true);
    }
    for (const name of ['nginx', 'sshdx', 'xsudo', 'SSHD', ''])
      expect(urgent(`${header}${name}: x`)).toBe(false);
  }
});

test('a name elsewhere in the message makes nothing urgent', () => {
  for (const text of [
    '<30>Nov 21 20:26:00 sshd app: x',
    '<30>Nov 21 20:26:00 vm app: sshd: x',
    '<134>1 - vm app sshd - - x',
    '{"process.name":"sshd"}',
    '<38',
    '<380>x',
    '<a>x',
    '<>x',
    '',
  ])
    expect(urgent(text)).toBe(false);
});

test('any bytes get an answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      expect(typeof isUrgent(Buffer.from(bytes), programs)).toBe('boolean');
    }),
  );
});
