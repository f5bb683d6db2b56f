import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNormaliser, type Normalised } from '../normalise.ts';
import { columnsOf } from './columns.ts';
import { FileHeader } from './file-header.ts';

const received = Date.parse('2026-11-21T13:30:00Z');
const plain = ({ time, dataset, fields, parsed }: Normalised) => ({
  time: new Date(time).toISOString(),
  dataset,
  parsed,
  ...Object.fromEntries(fields.entries()),
});

const zeekHeader = (path: string, fields: string, types: string) => [
  '#separator \\x09',
  '#set_separator\t,',
  '#empty_field\t(empty)',
  '#unset_field\t-',
  `#path\t${path}`,
  '#open\t2026-11-21-20-00-00',
  `#fields\t${fields.replaceAll(' ', '\t')}`,
  `#types\t${types.replaceAll(' ', '\t')}`,
];
const dns = zeekHeader(
  'dns',
  'ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto query qtype_name rejected answers TTLs',
  'time string addr port addr port enum string string bool vector[string] vector[interval]',
);
const dnsLine =
  '1795267560.250000\tCx1\t10.0.0.5\t50000\t10.0.0.53\t53\tudp\ta\\x09b.example\tA\tF\t1.2.3.4,x\\x2cy\t60.000000,-';
const iisHeader = [
  '#Software: Microsoft Internet Information Services 10.0',
  '#Version: 1.0',
  '#Date: 2026-11-21 13:00:00',
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken',
];
const iisLine =
  '2026-11-21 13:26:00 10.0.0.80 GET /a.aspx id=1+union+select 443 CORP\\lan 203.0.113.7 Mozilla/5.0+(X11) - 404 0 2 15';
const iisRead = {
  dataset: 'iis.access',
  parsed: true,
  time: '2026-11-21T13:26:00.000Z',
  'source.ip': '203.0.113.7',
  'destination.ip': '10.0.0.80',
  'destination.port': 443,
  'http.request.method': 'GET',
  'url.path': '/a.aspx',
  'url.query': 'id=1+union+select',
  'url.original': '/a.aspx?id=1+union+select',
  'user.name': 'CORP\\lan',
  'user_agent.original': 'Mozilla/5.0 (X11)',
  'http.response.status_code': 404,
  'event.outcome': 'failure',
  'iis.access.win32_status': '2',
};

/** The columns that a file has after these lines. */
function headerOf(lines: readonly string[]): FileHeader {
  const header = new FileHeader();
  for (const line of lines) header.take(line);
  return header;
}

/** A file as `kydai ship` sends it: each line with how it is read. */
function shipped(lines: readonly string[], file = '/x.log') {
  const normaliser = createNormaliser();
  const header = new FileHeader();
  return lines.map((message) => {
    const columns = header.take(message) ? '' : header.columns;
    const document = {
      message,
      'log.file.path': file,
      ...(columns === '' ? {} : { 'kydai.columns': columns }),
    };
    return plain(normaliser.document(document, received));
  });
}

describe('a Zeek log', () => {
  test('becomes what its JSON would have been', () => {
    const event = shipped([...dns, dnsLine]).at(-1)!;
    expect(event).toMatchObject({
      dataset: 'zeek.dns',
      parsed: true,
      time: '2026-11-21T13:26:00.250Z',
      ts: 1795267560.25,
      'id.orig_h': '10.0.0.5',
      'source.ip': '10.0.0.5',
      'id.resp_p': 53,
      query: 'a\tb.example',
      'dns.question.name': 'a\tb.example',
      rejected: false,
      answers: ['1.2.3.4', 'x,y'],
      TTLs: ['60', ''],
    });
    expect(event).not.toHaveProperty(['kydai.columns']);
    expect(event).not.toHaveProperty(['kydai.time_flag']);
  });

  test('with another separator, without a UTC time and with unset and empty cells', () => {
    const lines = [
      '#separator |',
      '#set_separator|;',
      '#empty_field|EMPTY',
      '#unset_field|NIL',
      '#path|x509',
      '#fields|ts|id|certificate.serial|san.dns',
      '#types|time|string|string|vector[string]',
      '1795267560.0|F1|8BB00EE|EMPTY',
      '1795267560.0|NIL|EMPTY|a;b',
    ];
    const [one, two] = shipped(lines).slice(-2);
    expect(one).toMatchObject({ dataset: 'zeek.x509', 'certificate.serial': '8BB00EE', 'san.dns': [] });
    expect(two).toMatchObject({ 'certificate.serial': '', 'san.dns': ['a', 'b'] });
    expect(two).not.toHaveProperty('id');
  });

  test('whose header changes in its middle is read by the one before each line', () => {
    const conn = zeekHeader('conn', 'ts uid', 'time string');
    const events = shipped([...dns, dnsLine, '#close\t2026-11-21-21-00-00', ...conn, '1795267560.0\tC2']);
    expect(events.map(({ dataset }) => dataset).filter((dataset) => dataset !== 'log.header')).toEqual([
      'zeek.dns',
      'zeek.connection',
    ]);
  });

  test.each([
    ['a line that is cut', dnsLine.slice(0, 60), /columns/],
    ['a line with more', `${dnsLine}\tx`, /columns/],
    ['a thousand columns', 'x\t'.repeat(1000), /columns/],
    ['an address that is none', dnsLine.replace('10.0.0.53', 'ten'), /`id.resp_h` is no addr/],
    ['a port that is none', dnsLine.replace('\t50000', '\t5e4'), /`id.orig_p` is no port/],
    ['a time that is none', dnsLine.replace('1795267560.250000', 'today'), /`ts` is no time/],
    ['a truth that is none', dnsLine.replace('\tF\t', '\tmaybe\t'), /`rejected` is no bool/],
    ['NULs', '\0'.repeat(20), /columns/],
  ])('%s is kept raw with the reason', (_, line, reason) => {
    expect(shipped([...dns, line]).at(-1)).toMatchObject({
      dataset: 'raw',
      parsed: false,
      message: line,
      'error.message': expect.stringMatching(reason),
    });
  });

  test('with a time of another age is an event with a time that a clock can show', () => {
    expect(shipped([...dns, dnsLine.replace('.250000', 'e12')]).at(-1)).toMatchObject({
      dataset: 'zeek.dns',
    });
  });

  test.each([
    ['cut off', dns.slice(0, -1)],
    ['without its beginning', dns.slice(1)],
    ['begun again and cut off', [...dns, ...dns.slice(0, 3)]],
  ])('whose header is %s has none', (_, lines) => {
    expect(headerOf(lines).columns).toBe('');
  });
});

describe('a W3C extended log', () => {
  test('of IIS is read by its header, in UTC, with blanks for `+` in what a browser says of itself', () => {
    expect(shipped([...iisHeader, iisLine]).at(-1)).toMatchObject(iisRead);
  });

  test('takes the columns of the header before the line, also where IIS began anew in the same file', () => {
    const few = [
      '#Software: Microsoft Internet Information Services 10.0',
      '#Fields: date time c-ip cs-method sc-status',
    ];
    const events = shipped([...iisHeader, iisLine, ...few, '2026-11-21 13:27:00 203.0.113.8 POST 200']);
    expect(events.at(-1)).toMatchObject({ dataset: 'iis.access', 'source.ip': '203.0.113.8' });
    expect(events.at(-1)).not.toHaveProperty(['url.path']);
  });

  test.each([
    [
      [
        '#Version: 1.5',
        '#Software: Microsoft Windows Firewall',
        '#Time Format: Local',
        '#Fields: date time action protocol src-ip dst-ip src-port dst-port size',
      ],
      '2026-11-21 20:26:00 DROP TCP 203.0.113.7 10.0.0.5 5000 445 48',
      {
        dataset: 'firewall.log',
        time: '2026-11-21T13:26:00.000Z',
        'event.action': 'deny',
        'destination.port': 445,
        'network.transport': 'tcp',
      },
    ],
    [
      [
        '#Version: 1.0',
        '#Fields: date time x-edge-location c-ip cs-method cs-uri-stem sc-status cs(User-Agent)',
      ],
      '2026-11-21\t13:26:00\tSGN50\t203.0.113.7\tGET\t/a\t200\tMozilla/5.0%2520(X11)',
      { dataset: 'aws.cloudfront', 'user_agent.original': 'Mozilla/5.0 (X11)', 'url.path': '/a' },
    ],
    [
      ['#Software: SGOS 7.3', '#Fields: date time c-ip cs-method cs-uri-path cs(User-Agent) sc-status'],
      '2026-11-21 13:26:00 10.0.0.5 GET /a "Mozilla/5.0 (X11)" 200',
      { dataset: 'proxy.log', 'user_agent.original': 'Mozilla/5.0 (X11)' },
    ],
  ])('%j', (header, line, expected) => {
    expect(shipped([...header, line]).at(-1)).toMatchObject({ parsed: true, ...expected });
  });

  test('of IIS without its header is read by what IIS writes unless told otherwise, and says so', () => {
    const normaliser = createNormaliser();
    expect(plain(normaliser.line(iisLine, received))).toMatchObject({
      ...iisRead,
      'kydai.columns': 'assumed',
    });
    const document = { message: iisLine, '@timestamp': '2026-11-21T13:26:09Z' };
    expect(plain(normaliser.document(document, received))).toMatchObject(iisRead);
    expect(plain(normaliser.line(`${iisLine} 7`, received))).not.toHaveProperty(['kydai.columns']);
  });
});

test('what only looks like a header, among the lines of another log, keeps those from being read in no way', () => {
  const line = '<38>Nov 21 20:26:00 vm sshd[5]: Failed password for root from 10.0.0.8 port 5 ssh2';
  const [, event] = shipped(['#Fields: c-ip sc-status', line]);
  expect(event).toMatchObject({ dataset: 'sshd.auth', parsed: true, 'source.ip': '10.0.0.8' });
  expect(event).toHaveProperty(['error.message'], expect.stringMatching(/columns/));
});

describe('headers are refused', () => {
  const named = (names: string) => columnsOf(`#Fields: ${names}`);
  test.each([
    ['a thousand columns', named(Array.from({ length: 1000 }, (_, index) => `c${index}`).join(' '))],
    ['a column twice', named('c-ip c-ip')],
    ['a column that is ours to set', named('c-ip kydai.drill')],
    ['no column', named('')],
    ['no type', columnsOf(['#separator \\x09', '#fields\ta\tb', '#types\tstring'].join('\n'))],
    ['no separator', columnsOf(['#separator ', '#fields\ta', '#types\tstring'].join('\n'))],
  ])('that name %s', (_, columns) => {
    expect(columns).toEqual(expect.stringMatching(/header of the file/));
  });

  test('that are longer than a header can be', () => {
    expect(headerOf([`#Fields: ${'x'.repeat(20_000)}`]).columns).toBe('');
    const long = { message: 'x', 'kydai.columns': `#Fields: ${'x '.repeat(20_000)}` };
    expect(plain(createNormaliser().document(long, received))).toMatchObject({
      dataset: 'raw',
      parsed: false,
    });
    const lied = { message: 'x y', 'kydai.columns': { toString: 1 } };
    expect(plain(createNormaliser().document(lied, received))).toMatchObject({ dataset: 'json' });
  });
});

describe('of shippers that only say the file, the header is remembered', () => {
  const send = (
    normaliser: ReturnType<typeof createNormaliser>,
    message: string,
    more: object = {},
    origin = 'http/web',
  ) =>
    plain(
      normaliser.document(
        { message, 'log.file.path': 'C:\\logs\\u_ex.log', 'host.name': 'web1', ...more },
        received,
        origin,
      ),
    );

  test('by sender, machine and file', () => {
    const normaliser = createNormaliser();
    for (const line of dns)
      expect(send(normaliser, line)).toMatchObject({ dataset: 'log.header', parsed: true });
    expect(send(normaliser, dnsLine)).toMatchObject({ dataset: 'zeek.dns' });
    expect(send(normaliser, dnsLine, { 'host.name': 'web2' })).toMatchObject({ dataset: 'json' });
    expect(send(normaliser, dnsLine, { 'log.file.path': '/other.log' })).toMatchObject({ dataset: 'json' });
    expect(send(normaliser, dnsLine, {}, 'http/liar')).toMatchObject({ dataset: 'json' });
    for (const line of iisHeader) send(normaliser, line, {}, 'http/liar');
    expect(send(normaliser, dnsLine)).toMatchObject({ dataset: 'zeek.dns' });
  });

  test('over a restart', () => {
    const before = createNormaliser();
    for (const line of dns) send(before, line);
    const headers = before.newHeaders();
    expect(headers).toHaveLength(1);
    expect(before.newHeaders()).toEqual([]);
    expect(send(createNormaliser({ headers }), dnsLine)).toMatchObject({ dataset: 'zeek.dns' });
  });

  test('and not used for a line that stands before it in the file', () => {
    const normaliser = createNormaliser();
    dns.forEach((line, index) => void send(normaliser, line, { 'log.offset': 1000 + index }));
    expect(send(normaliser, dnsLine, { 'log.offset': 10 })).toMatchObject({ dataset: 'json' });
    expect(send(normaliser, dnsLine, { 'log.offset': 2000 })).toMatchObject({ dataset: 'zeek.dns' });
  });

  test('also in syslog lines, by host and program; other lines of the program stay what they are', () => {
    const normaliser = createNormaliser();
    const line = (text: string, program = 'zeek_dns', origin = 'syslog-tcp/10.0.0.1') =>
      plain(normaliser.line(`<133>Nov 21 20:26:00 sensor ${program}: ${text}`, received, origin));
    for (const each of dns) line(each);
    expect(line(dnsLine)).toMatchObject({ dataset: 'zeek.dns', 'host.name': 'sensor' });
    expect(line(dnsLine, 'other')).toMatchObject({ dataset: 'linux.syslog' });
    expect(line(dnsLine, 'zeek_dns', '')).toMatchObject({ dataset: 'linux.syslog' });
    expect(line('restarting')).toMatchObject({ dataset: 'linux.syslog', parsed: true });
  });

  test('of kydai ship over syslog it comes with the line', () => {
    const columns = headerOf(iisHeader).columns.replaceAll(/["\\\]]/g, '\\$&');
    const line = `<13>1 - web1 kydai-ship - - [ship@32473 id="a" columns="${columns}"] ${iisLine}`;
    expect(plain(createNormaliser().line(line, received))).toMatchObject(iisRead);
    expect(plain(createNormaliser().line(line.replace('404', 'x'), received))).toMatchObject({
      dataset: 'raw',
      parsed: false,
    });
  });

  test('within bounds, whatever senders do', () => {
    const normaliser = createNormaliser();
    for (let file = 0; file < 3000; file++) {
      const header = `#Fields: c-ip ${'x'.repeat(100)}${file}`;
      send(normaliser, header, { 'log.file.path': `/${file}` });
    }
    expect(send(normaliser, '203.0.113.7 y', { 'log.file.path': '/0' })).toMatchObject({ dataset: 'json' });
    expect(send(normaliser, '203.0.113.7 y', { 'log.file.path': '/2999' })).toMatchObject({
      'source.ip': '203.0.113.7',
    });
    for (let origin = 0; origin < 600; origin++) send(normaliser, '#Fields: c-ip', {}, `http/${origin}`);
    expect(send(normaliser, '203.0.113.7 y', { 'log.file.path': '/2999' })).toMatchObject({
      dataset: 'json',
    });
  });
});

test('any lines in any order become events, and nothing throws', () => {
  const line = fc.oneof(
    fc.constantFrom(...dns, ...iisHeader, dnsLine, iisLine, '#close\tx', '#Fields: a b', '#types'),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.stringMatching(/^#(?:fields|types|separator|Fields:)[\t a-z\\x0-9:]{0,40}$/),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      for (const event of shipped(lines)) expect(event.dataset).not.toBe('');
      const normaliser = createNormaliser();
      for (const message of lines) {
        const event = normaliser.document({ message, file: '/x' }, received, 'o');
        expect(Number.isFinite(event.time)).toBe(true);
        const names = Array.from(event.fields.entries(), ([name]) => name);
        expect(new Set(names).size).toBe(names.length);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  [{ trans_depth: 1, method: 'GET' }, 'zeek.http'],
  [{ rcode_name: 'NOERROR' }, 'zeek.dns'],
  [{ 'log.file.path': '/opt/zeek/logs/current/kerberos.log' }, 'zeek.kerberos'],
  [{ 'log.file.path': '/opt/zeek/logs/2026-11-21/dce_rpc.20:00:00-21:00:00.log' }, 'zeek.dce_rpc'],
  [{ conn_state: 'SF', service: 'dns' }, 'zeek.connection'],
])(
  'a JSON line of Zeek’s that does not say its log is told by its file or its fields: %j',
  (more, dataset) => {
    const document = {
      ts: 1795267560.25,
      uid: 'C1',
      'id.orig_h': '10.0.0.5',
      'id.resp_h': '10.0.0.6',
      ...more,
    };
    expect(createNormaliser().document(document, received).dataset).toBe(dataset);
  },
);

test('a certificate in JSON, which has no connection, is told by its file', () => {
  const document = {
    ts: 1795267560.25,
    'certificate.serial': '8BB00EE',
    'log.file.path': '/opt/zeek/logs/current/x509.log',
  };
  expect(createNormaliser().document(document, received).dataset).toBe('zeek.x509');
});
