import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEpss } from './epss.ts';

const head = '#model_version:v2026.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\n';

describe('an EPSS table', () => {
  it('gives the score of each CVE and the day of the scores', () => {
    const read = readEpss(`${head}CVE-2021-44228,0.94358,0.99957\r\nCVE-2019-10744,0.0217,0.83\n`);
    expect(read?.date).toBe('2026-11-20T00:00:00+0000');
    expect([...read!.scores]).toEqual([
      ['CVE-2021-44228', 0.94358],
      ['CVE-2019-10744', 0.0217],
    ]);
  });

  it('counts the lines that it cannot read instead of guessing', () => {
    const text = `${head}CVE-1,0.5,0\nCVE-2020-1,1.5,0\nCVE-2020-2,,0\nCVE-2020-3,nan,0\nCVE-2020-4,0,0\n`;
    const read = readEpss(text);
    expect(read?.unreadable).toBe(4);
    expect([...read!.scores.keys()]).toEqual(['CVE-2020-4']);
  });

  it.each(['', 'a,b,c\n1,2,3\n', '{"cve,epss": 1}', '#comment only\n'])('is not read from: %s', (text) => {
    expect(readEpss(text)).toBeUndefined();
  });

  it('of any text is read or refused, and never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void readEpss(`${head}${text}`)));
    fc.assert(fc.property(fc.string(), (text) => void readEpss(text)));
  });
});
