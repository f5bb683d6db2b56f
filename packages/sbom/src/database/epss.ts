/** FIRST's Exploit Prediction Scoring System: for each CVE the probability of exploitation within 30 days. */
export interface ExploitPrediction {
  /** Day of the scores, as the file says; empty where it does not. */
  readonly date: string;
  /** By CVE id. */
  readonly scores: ReadonlyMap<string, number>;
  /** Lines that are neither a comment nor a score. */
  readonly unreadable: number;
}

/** Reads the CSV that FIRST publishes each day (`cve,epss,percentile`). Undefined where it is another table. */
export function readEpss(text: string): ExploitPrediction | undefined {
  const date = /^\ufeff?#.*score_date:([^,\r\n]+)/.exec(text)?.[1] ?? '';
  const header = /^(?:\ufeff?#.*\r?\n)*\ufeff?cve,epss(,.*)?\r?(\n|$)/i.exec(text);
  if (header === null) return undefined;
  const scores = new Map<string, number>();
  let unreadable = 0;
  for (let at = header[0].length; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end).trimEnd();
    at = end < 0 ? text.length : end + 1;
    if (line === '') continue;
    const [id = '', score = ''] = line.split(',', 2);
    const value = score === '' ? Number.NaN : Number(score);
    if (/^CVE-\d{4}-\d+$/.test(id) && value >= 0 && value <= 1) scores.set(id, value);
    else unreadable += 1;
  }
  return { date, scores, unreadable };
}
