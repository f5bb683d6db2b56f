/** Small programs around real clients, as their documentation shows them. Settings come by `KYDAI_*` variables. */

export const bulkPy = `
import os
from elasticsearch import AuthenticationException, Elasticsearch, helpers
url, ca, count = os.environ["KYDAI_URL"], os.environ["KYDAI_CA"], int(os.environ["KYDAI_COUNT"])
try:
    Elasticsearch(url, api_key="kdt_wrong", ca_certs=ca).info()
except AuthenticationException as error:
    print("wrong token:", error.status_code)
client = Elasticsearch(url, api_key=os.environ["KYDAI_TOKEN"], ca_certs=ca, http_compress=True)
documents = ({"_op_type": "create", "_index": "logs-espy-default", "_id": f"espy-{n}",
              "_source": {"@timestamp": "2026-11-22T02:00:00.000Z", "message": f"espy-{n} xin chào"}} for n in range(count))
created, conflicts, others = 0, 0, 0
for good, item in helpers.streaming_bulk(client, documents, chunk_size=200, raise_on_error=False, max_retries=5):
    if good: created += 1
    elif item["create"]["status"] == 409: conflicts += 1
    else: others += 1
print("created", created, "conflicts", conflicts, "other errors", others)
`;

export const otlpPy = `
import logging, os, time
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
provider = LoggerProvider(resource=Resource.create({"service.name": "gate"}))
exporter = OTLPLogExporter(endpoint=os.environ["KYDAI_URL"] + "/v1/logs", compression=Compression.Gzip,
    certificate_file=os.environ["KYDAI_CA"], headers={"authorization": "Bearer " + os.environ["KYDAI_TOKEN"]}, timeout=60)
provider.add_log_record_processor(
    BatchLogRecordProcessor(exporter, max_queue_size=50000, max_export_batch_size=256, export_timeout_millis=120000))
log = logging.getLogger("test")
log.addHandler(LoggingHandler(logger_provider=provider))
log.setLevel(logging.INFO)
for n in range(int(os.environ["KYDAI_COUNT"])):
    log.info("otpy-%d xin chào", n, extra={"client.address": "203.0.113.7"})
provider.force_flush(120000)
provider.shutdown()
`;

export const otlpJs = `
import { resourceFromAttributes } from '@opentelemetry/resources';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
const exporter = new OTLPLogExporter({
  url: process.env.KYDAI_URL + '/v1/logs',
  compression: 'gzip',
  headers: { authorization: 'Bearer ' + process.env.KYDAI_TOKEN },
  timeoutMillis: 60_000,
});
const count = Number(process.env.KYDAI_COUNT);
const processor = new BatchLogRecordProcessor({
  exporter, maxQueueSize: 2 * count, maxExportBatchSize: 256, exportTimeoutMillis: 120_000, scheduledDelayMillis: 50,
});
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'gate' }), processors: [processor], forceFlushTimeoutMillis: 120_000,
});
const logger = provider.getLogger('test');
for (let n = 0; n < count; n++) logger.emit({ body: 'otjs-' + n + ' xin chào', severityText: 'INFO' });
await provider.forceFlush();
await provider.shutdown();
`;

export const pinoJs = `
import { once } from 'node:events';
import pino from 'pino';
import pinoElastic from 'pino-elasticsearch';
const stream = pinoElastic({
  node: process.env.KYDAI_URL, auth: { apiKey: process.env.KYDAI_TOKEN }, index: 'logs-pino-default',
  opType: 'create', esVersion: 9, flushBytes: 10_000, flushInterval: 500,
});
stream.on('insertError', (error) => { console.error(error); process.exitCode = 1; });
stream.on('error', (error) => { console.error(error); process.exitCode = 1; });
const log = pino({ level: 'info', messageKey: 'message' }, stream);
for (let n = 0; n < Number(process.env.KYDAI_COUNT); n++) log.info({ user: { name: 'lan' } }, 'pino-' + n + ' xin chào');
stream.end();
const [stats] = await once(stream, 'insert');
console.log('successful', stats.successful, 'failed', stats.failed);
`;
