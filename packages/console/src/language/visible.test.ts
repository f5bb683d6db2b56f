import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { titleOf } from './named.ts';
import { translateData } from './translate.ts';
import { piecesOf, visible } from './visible.ts';

describe('what is hidden in a text', () => {
  it.each([
    ['user=\u202enimda\u202c end', 'user=⟨U+202E⟩nimda⟨U+202C⟩ end'],
    ['ad\u200bmin', 'ad⟨U+200B⟩min'],
    ['\u2066// \u2067x\u2069', '⟨U+2066⟩// ⟨U+2067⟩x⟨U+2069⟩'],
    ['\x1b[31mred\x1b[0m \x07', '⟨U+001B⟩[31mred⟨U+001B⟩[0m ⟨U+0007⟩'],
    ['sent\roverwritten', 'sent⟨U+000D⟩overwritten'],
    ['pass\u00adword \ufeff\u3164', 'pass⟨U+00AD⟩word ⟨U+FEFF⟩⟨U+3164⟩'],
    ['a\u{e0041}b\u{e01f0}', 'a⟨U+E0041⟩b⟨U+E01F0⟩'],
    ['a\0b\x7f\x9b', 'a⟨U+0000⟩b⟨U+007F⟩⟨U+009B⟩'],
  ])('is shown: %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it.each(['Đèn tín hiệu giao thông: tủ 7', 'tab\tand\nline\r\nend', '日本語 😀 👍🏽', 'e\u0301 is é', ''])(
    'is not found in what people write: %j',
    (text) => {
      expect(visible(text)).toBe(text);
      expect(piecesOf(text)).toEqual([text]);
    },
  );

  it('comes in pieces that are the text again, none of which holds what is hidden', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('a', '\u202e', '\u200b', '\x1b', '\r', '\n', '\u{e0041}', 'ớ', '\ud800'),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const pieces = piecesOf(text);
        const again = pieces
          .map((piece) =>
            typeof piece === 'string'
              ? piece
              : String.fromCodePoint(Number.parseInt(piece.code.slice(2), 16)),
          )
          .join('');
        expect(again).toBe(text);
        for (const piece of pieces) if (typeof piece === 'string') expect(visible(piece)).toBe(piece);
      }),
    );
  });

  it('is shown in titles and sentences too, and named where it has a name', () => {
    expect(titleOf({ title: 'Brute force: \u202etoor' }, 'en')).toBe('Brute force: ⟨U+202E⟩toor');
    expect(translateData('device.byPlaybook', { playbook: 'x\u202ey' }, 'en')).toContain('x⟨U+202E⟩y');
    expect(piecesOf('\u202e')).toEqual([{ code: 'U+202E', name: 'U+202E RIGHT-TO-LEFT OVERRIDE' }]);
  });
});
