import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from './en/index.ts';
import { fillText, isKey, translateData, translator } from './translate.ts';
import { vi } from './vi/index.ts';

const names = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)(?::[^}]*)?\}/g)].map((match) => match[1]!))].sort();

const folder = import.meta.dirname;

describe('the two dictionaries', () => {
  it.each(['vi', 'en'])('name no key of %s in two files', (language) => {
    const text = globSync(`${language}/*.ts`, { cwd: folder })
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const keys = [...text.matchAll(/^ {2}'?([\w.-]+)'?:/gm)].map((match) => match[1]!);
    expect(keys.toSorted()).toEqual(Object.keys(vi).toSorted());
  });

  it('have the same keys in the same order', () => {
    expect(Object.keys(en)).toEqual(Object.keys(vi));
  });

  it('use the same placeholders in every string', () => {
    const different = Object.keys(vi).filter(
      (key) => names(vi[key as keyof typeof vi]).join() !== names(en[key as keyof typeof en]).join(),
    );
    expect(different).toEqual([]);
  });

  it('hold no empty string and no unclosed placeholder', () => {
    for (const text of [...Object.values(vi), ...Object.values(en)]) {
      expect(text.trim()).not.toBe('');
      expect(text.replace(/\{\w+(?::[^|{}]*\|[^{}]*)?\}/g, '')).not.toMatch(/[{}]/);
    }
  });

  it('call things by the terms of the field', () => {
    expect(vi['incidents.title']).toBe('Sự cố an ninh mạng');
    expect(vi['level.label']).toBe('Mức độ nghiêm trọng');
    expect(vi['incident.runs']).toBe('Kịch bản ứng phó');
    expect(vi['state.false-positive']).toBe('Cảnh báo giả');
    expect(vi['nav.certificates']).toBe('Chứng thư số');
    expect(vi['common.drill']).toBe('Diễn tập');
  });
});

describe('translation', () => {
  it('fills placeholders and writes numbers in the way of the language', () => {
    expect(translator('vi')('common.total', { n: 12_500 })).toBe('12.500 mục');
    expect(translator('en')('common.total', { n: 12_500 })).toBe('12,500 items');
  });

  it('chooses the singular only for one', () => {
    expect(translator('en')('common.total', { n: 1 })).toBe('1 item');
    expect(translator('en')('common.total', { n: 0 })).toBe('0 items');
  });

  it('leaves a placeholder that has no value standing rather than printing undefined', () => {
    expect(fillText('{a} và {b}', { a: 'x' }, 'vi')).toBe('x và {b}');
  });

  it('does not fill what came in with a value', () => {
    expect(fillText('{a}', { a: '{b}', b: 'no' }, 'vi')).toBe('{b}');
  });

  it('knows no key from the prototype', () => {
    expect(isKey('toString')).toBe(false);
    expect(isKey('__proto__')).toBe(false);
    expect(translateData('timeline.no-such-code', {}, 'vi')).toBeUndefined();
  });
});
