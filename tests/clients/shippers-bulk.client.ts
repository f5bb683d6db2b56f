import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

const count = 300;

/**
 * Shippers that speak to us as if we were Elasticsearch or an OpenTelemetry collector: rsyslog's omelasticsearch and
 * syslog-ng's http destination from Debian, the bulk helper of Elastic's Python client and the log exporter of the
 * OpenTelemetry SDK from PyPI. Every line arrives once, and as what it is.
 *
 * Fluent Bit and Vector were tried by hand (docs/collecting.md): Debian, PyPI and npm have no package of them, nor of Beats.
 */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const { hostname, port, origin } = new URL(addresses.collect);
  const children: ChildProcess[] = [];
  const start = (file: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    child.once('error', (error) => checks.fail(`${file} starts`, String(error)));
    process.once('exit', () => child.kill('SIGKILL'));
    children.push(child);
  };
  const found = async (query: string) => {
    const { stdout } = await program.cli('search', query, '--limit', '1000', '--json');
    const lines = stdout.trim().split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as { dataset: string; fields: Record<string, unknown> });
  };
  const arrived = async (name: string, query: string) => {
    const events = await eventually(async () => {
      const all = await found(query);
      return all.length >= count ? all : undefined;
    }, 30_000).catch(() => found(query));
    checks.equal(`${name}: every line arrives once`, events.length, count);
    const numbers = new Set(events.map(({ fields }) => /line (\d+)/.exec(String(fields['message']))?.[1]));
    checks.equal(`${name}: and each is another one`, numbers.size, count);
    return events;
  };
  const numbered = (file: string) =>
    appendFileSync(file, Array.from({ length: count }, (_, n) => `line ${n} xin chào\n`).join(''));

  const unpacked = await shell(
    folder,
    `mkdir -p deb && cd deb && apt-get download -qq rsyslog-elasticsearch syslog-ng-core syslog-ng-mod-http
     for package in *.deb; do dpkg -x "$package" root; done`,
  );
  checks.equal('the packages are unpacked', unpacked.code, 0);
  const root = join(folder, 'deb/root');
  try {
    await omelasticsearch();
    await syslogNg();
    await python();
  } finally {
    for (const child of children) child.kill('SIGTERM');
  }

  async function omelasticsearch(): Promise<void> {
    const input = join(folder, 'omes.log');
    writeFileSync(input, '');
    const module = join(root, 'usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so');
    writeFileSync(
      join(folder, 'omes.conf'),
      `module(load="imfile" mode="polling" pollingInterval="1")
module(load="${module}")
global(workDirectory="${folder}")
template(name="document" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
  property(outname="host.name" name="hostname" format="jsonf")
  constant(outname="event.dataset" value="omes.test" format="jsonf")
}
input(type="imfile" file="${input}" tag="omes:")
*.* action(type="omelasticsearch" server="${hostname}" serverport="${port}" template="document" bulkmode="on"
  searchIndex="logs-omes-default" searchType="" action.resumeRetryCount="-1")
`,
    );
    start('rsyslogd', ['-n', '-f', 'omes.conf', '-i', join(folder, 'omes.pid')]);
    await delay(2000);
    numbered(input);
    await arrived('rsyslog omelasticsearch', 'dataset:omes.test');
  }

  async function syslogNg(): Promise<void> {
    const input = join(folder, 'ng.log');
    writeFileSync(input, '');
    mkdirSync(join(folder, 'ng'));
    const document = `$(format-json --scope none @timestamp=\${ISODATE} message=\${MESSAGE} event.dataset=ng.test)`;
    writeFileSync(
      join(folder, 'ng.conf'),
      `@version: 3.38
log {
  source { file("${input}" follow-freq(0.2) flags(no-parse)); };
  destination {
    http(url("${origin}/_bulk") method("POST") batch-lines(50) batch-timeout(500) workers(2)
      headers("Content-Type: application/x-ndjson")
      body('{"create":{"_index":"logs-ng-default"}}\n${document}'));
  };
};
`,
    );
    const libraries = ['usr/lib/syslog-ng', 'usr/lib/syslog-ng/3.38'].map((at) => join(root, at));
    start(
      join(root, 'usr/sbin/syslog-ng'),
      [
        '--foreground', '--no-caps', `--cfgfile=${folder}/ng.conf`, `--persist-file=${folder}/ng/persist`,
        `--pidfile=${folder}/ng/pid`, `--control=${folder}/ng/ctl`, `--module-path=${libraries[1]}`,
      ],
      { LD_LIBRARY_PATH: libraries.join(':') },
    ); // biome-ignore format: options in few lines
    await delay(2000);
    numbered(input);
    await arrived('syslog-ng http', 'dataset:ng.test');
  }

  async function python(): Promise<void> {
    const packages =
      'elasticsearch==9.5.1 opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2';
    const installed = await shell(
      folder,
      `python3 -m pip install -q --only-binary=:all: --target python --no-warn-script-location ${packages}`,
    );
    checks.equal('the Python clients are there', installed.code, 0);
    if (installed.code !== 0) return;
    writeFileSync(join(folder, 'bulk.py'), bulkHelper(origin));
    const bulk = await shell(folder, 'PYTHONPATH=python python3 bulk.py');
    checks.matches(
      'elasticsearch-py: its bulk helper counts all as created',
      bulk.output,
      /^created 300 errors 0$/m,
    );
    await arrived('elasticsearch-py', 'dataset:py.test');

    writeFileSync(join(folder, 'otlp.py'), otlpExporter(origin));
    const otlp = await shell(folder, 'PYTHONPATH=python python3 otlp.py');
    checks.equal('OpenTelemetry SDK: exports', otlp.code, 0);
    const events = await arrived('OpenTelemetry SDK', 'service.name:otel-test');
    checks.equal('OpenTelemetry SDK: the attribute is a field', events[0]?.fields['city.zone'], 'district-1');
  }
}

const bulkHelper = (origin: string) => `
from elasticsearch import Elasticsearch, helpers
client = Elasticsearch("${origin}")
assert client.ping()
documents = ({"_op_type": "create", "_index": "logs-py-default",
              "_source": {"message": f"line {n} xin chào", "event.dataset": "py.test"}} for n in range(${count}))
created, errors = helpers.bulk(client, documents, chunk_size=70)
print("created", created, "errors", len(errors))
`;

const otlpExporter = (origin: string) => `
import logging
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
provider = LoggerProvider(resource=Resource.create({"service.name": "otel-test"}))
exporter = OTLPLogExporter(endpoint="${origin}/v1/logs", compression=Compression.Gzip)
provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_export_batch_size=64))
log = logging.getLogger("test")
log.addHandler(LoggingHandler(logger_provider=provider))
log.setLevel(logging.INFO)
for n in range(${count}):
    log.info("line %d xin chào", n, extra={"city.zone": "district-1"})
provider.shutdown()
`;
