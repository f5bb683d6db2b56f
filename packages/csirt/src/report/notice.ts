import type { Incident, IncidentTimeName, Obligation } from '@kydai/contracts';

/** Who reports: filled in from the configuration. */
export interface Reporter {
  readonly organisation: string;
  /** The system that is concerned, as its security dossier calls it, and its level (1 to 5). */
  readonly system: string;
  readonly level?: number;
  /** Name, telephone and address of the person to ask. */
  readonly contact: string;
}

export interface Notice {
  readonly language: 'vi' | 'en';
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  /** What the law asks for and the incident does not tell: a person fills these in before sending. */
  readonly missing: readonly string[];
}

type Section = readonly [heading: string, lines: readonly string[]];

const words = {
  vi: {
    draft: 'BẢN NHÁP: người có thẩm quyền kiểm tra, bổ sung và ký trước khi gửi.',
    to: 'Kính gửi',
    from: 'Đơn vị báo cáo',
    system: 'Hệ thống thông tin',
    level: 'cấp độ',
    contact: 'Đầu mối liên hệ',
    number: 'Mã sự cố',
    basis: 'Căn cứ',
    due: 'Hạn báo cáo',
    what: '1. Sự cố',
    when: '2. Thời gian',
    scope: '3. Phạm vi ảnh hưởng',
    done: '4. Biện pháp đã thực hiện',
    cause: '5. Nguyên nhân và biện pháp khắc phục',
    kind: 'Loại sự cố',
    severity: 'Mức độ nghiêm trọng',
    state: 'Trạng thái',
    detections: 'Số cảnh báo liên quan',
    unknown: 'chưa xác định',
    fill: '[cần bổ sung]',
    rootCause: 'nguyên nhân gốc',
    remedy: 'biện pháp khắc phục',
    data: 'loại dữ liệu cá nhân và số chủ thể dữ liệu bị ảnh hưởng',
    none: 'chưa có biện pháp nào được xác nhận có hiệu lực',
    confidence: 'độ tin cậy',
  },
  en: {
    draft: 'DRAFT: to be checked, completed and signed before it is sent.',
    to: 'To',
    from: 'Reporting organisation',
    system: 'Information system',
    level: 'level',
    contact: 'Contact',
    number: 'Incident number',
    basis: 'Basis',
    due: 'Due',
    what: '1. The incident',
    when: '2. Times',
    scope: '3. Scope',
    done: '4. Measures taken',
    cause: '5. Cause and remedy',
    kind: 'Kind',
    severity: 'Severity',
    state: 'State',
    detections: 'Related alerts',
    unknown: 'not known yet',
    fill: '[to be completed]',
    rootCause: 'root cause',
    remedy: 'remedy',
    data: 'kinds of personal data and number of people concerned',
    none: 'no measure has been proven effective yet',
    confidence: 'confidence',
  },
} as const;

const severities = {
  vi: {
    informational: 'thông tin',
    low: 'thấp',
    medium: 'trung bình',
    high: 'cao',
    critical: 'nghiêm trọng',
  },
  en: { informational: 'informational', low: 'low', medium: 'medium', high: 'high', critical: 'critical' },
} as const;
const states = {
  vi: {
    new: 'mới',
    open: 'đang xử lý',
    contained: 'đã cô lập',
    restored: 'đã khôi phục',
    closed: 'đã đóng',
    'false-positive': 'cảnh báo giả',
  },
  en: {
    new: 'new',
    open: 'open',
    contained: 'contained',
    restored: 'restored',
    closed: 'closed',
    'false-positive': 'false positive',
  },
} as const;
const confidences = {
  vi: { low: 'thấp', medium: 'trung bình', high: 'cao' },
  en: { low: 'low', medium: 'medium', high: 'high' },
} as const;
const times: Readonly<Record<'vi' | 'en', Partial<Record<IncidentTimeName, string>>>> = {
  vi: {
    firstMaliciousAction: 'Hành vi độc hại đầu tiên',
    firstDataExfiltration: 'Dữ liệu bị đưa ra ngoài lần đầu',
    discovery: 'Phát hiện',
    opened: 'Tiếp nhận',
    containmentAchieved: 'Cô lập xong',
    restorationAchieved: 'Khôi phục xong',
  },
  en: {
    firstMaliciousAction: 'First malicious action',
    firstDataExfiltration: 'First data exfiltration',
    discovery: 'Discovery',
    opened: 'Taken in',
    containmentAchieved: 'Contained',
    restorationAchieved: 'Restored',
  },
};

/**
 * A draft of the notice that an obligation asks for, filled from the incident: the first notice (24 hours) and, where
 * the obligation runs for 48 hours or more, the report with cause and remedy. No official form had been issued by
 * September 2026, so headings and order are ours. Nothing is guessed: what the incident does not tell is marked and
 * listed in `missing`. Times are those of Viet Nam.
 */
export function renderNotice(
  obligation: Obligation,
  incident: Incident,
  reporter: Reporter,
  language: 'vi' | 'en',
): Notice {
  const say = words[language];
  const missing: string[] = [];
  const ask = (what: string): string => {
    missing.push(what);
    return `${what}: ${say.fill}`;
  };
  const started = incident.times[obligation.clockStart]?.at;
  const full = obligation.hours >= 48;
  const personal = obligation.id.startsWith('personal-data');
  const level = reporter.level === undefined ? '' : ` (${say.level} ${reporter.level})`;
  const sections: Section[] = [
    [
      say.what,
      [
        `${say.kind}: ${plain((language === 'vi' ? incident.titleVi : undefined) ?? incident.title)}`,
        `${say.severity}: ${severities[language][incident.severity]}`,
        `${say.state}: ${states[language][incident.state]}`,
        `${say.detections}: ${incident.detectionCount}`,
      ],
    ],
    [say.when, timeLines(incident, language)],
    [say.scope, [...scope(incident), ...(personal ? [ask(say.data)] : [])]],
    [say.done, measures(incident, language)],
    ...(full ? [[say.cause, [ask(say.rootCause), ask(say.remedy)]] as const] : []),
  ];
  const title = obligation.title[language];
  const head = [
    `**${say.to}:** ${obligation.recipient[language]}`,
    `**${say.from}:** ${plain(reporter.organisation)}`,
    `**${say.system}:** ${plain(reporter.system)}${level}`,
    `**${say.contact}:** ${plain(reporter.contact)}`,
    `**${say.number}:** ${incident.number}`,
    `**${say.basis}:** ${obligation.citation}`,
    `**${say.due}:** ${started === undefined ? say.unknown : localTime(started + obligation.hours * 3_600_000)}`,
  ];
  const body = sections.map(
    ([heading, lines]) => `## ${heading}\n\n${lines.map((line) => `- ${line}`).join('\n')}`,
  );
  return {
    language,
    title,
    text: `# ${title}\n\n> ${say.draft}\n\n${head.join('  \n')}\n\n${body.join('\n\n')}\n`,
    missing,
  };
}

function timeLines(incident: Incident, language: 'vi' | 'en'): string[] {
  const say = words[language];
  return Object.entries(times[language]).flatMap(([name, label]) => {
    const time = incident.times[name as IncidentTimeName];
    if (time !== undefined) {
      return `${label}: ${localTime(time.at)} (${say.confidence}: ${confidences[language][time.confidence]})`;
    }
    return name === 'firstMaliciousAction' || name === 'discovery' ? `${label}: ${say.unknown}` : [];
  });
}

function scope(incident: Incident): string[] {
  const byType = Map.groupBy(incident.entities, ({ type }) => type);
  return [...byType].map(([type, refs]) => {
    const shown = refs.slice(0, 20).map(({ id }) => plain(id));
    return `${type} (${refs.length}): ${shown.join(', ')}${refs.length > shown.length ? ', …' : ''}`;
  });
}

/** Only what was proven is a measure taken. */
function measures(incident: Incident, language: 'vi' | 'en'): string[] {
  const proven = incident.timeline.filter(({ code }) => code === 'containment.effective');
  if (proven.length === 0) return [words[language].none];
  return proven.slice(0, 50).map(({ at, values }) => `${localTime(at)}: ${plain(values['what'] ?? '')}`);
}

const formatter = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Ho_Chi_Minh',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** `21/11/2026, 15:00:00 (UTC+7)`. */
function localTime(at: number): string {
  return `${formatter.format(at)} (UTC+7)`;
}

/** Text from logs on one line, with Markdown's and HTML's own signs made harmless. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|]/g, (sign) => `\\${sign}`)
    .slice(0, 300);
}
