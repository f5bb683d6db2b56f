/**
 * The protobuf wire format of OTLP logs (opentelemetry-proto 1.x, logs/v1/logs.proto), read into the shape that the
 * JSON encoding has, and the few answers written. Hand-made because it is three message kinds deep and must be
 * bounded: the input is untrusted.
 */

/** The body is not what it claims to be. */
export class WireFault extends Error {}

const maximumDepth = 16;
const utf8 = new TextDecoder('utf-8');

class Reader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** A base-128 integer of at most 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) throw new WireFault('a number is cut off');
      const byte = this.#bytes[this.#at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireFault('a number is longer than 64 bits');
  }

  /** Field number and wire type; numbers up to 2^29. */
  tag(): { field: number; type: number } {
    const tag = Number(this.varint());
    return { field: Math.floor(tag / 8), type: tag & 7 };
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw new WireFault('a field is cut off');
    this.#at = at + length;
    return at;
  }

  fixed64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  message(): Reader {
    const length = Number(this.varint());
    const at = this.#take(length);
    return new Reader(this.#bytes, at, at + length);
  }

  text(): string {
    return utf8.decode(this.bytes());
  }

  skip(type: number): void {
    if (type === 0) this.varint();
    else if (type === 1) this.#take(8);
    else if (type === 2) this.bytes();
    else if (type === 5) this.#take(4);
    else throw new WireFault(`wire type ${type} is unknown`);
  }
}

/** Reads each field; what `take` does not know (or whose wire type is not the expected one) is passed over. */
function fields(reader: Reader, take: (key: string) => boolean): void {
  while (!reader.done) {
    const { field, type } = reader.tag();
    if (!take(`${field}:${type}`)) reader.skip(type);
  }
}

/** An ExportLogsServiceRequest as the JSON encoding would have it. Throws `WireFault` on anything malformed. */
export function readExportRequest(body: Buffer): object {
  const resourceLogs: object[] = [];
  const reader = new Reader(body);
  fields(reader, (key) => {
    if (key !== '1:2') return false;
    resourceLogs.push(readResourceLogs(reader.message()));
    return true;
  });
  return { resourceLogs };
}

function readResourceLogs(reader: Reader): object {
  const scopeLogs: object[] = [];
  let resource: object = {};
  fields(reader, (key) => {
    if (key === '1:2') resource = { attributes: readAttributes(reader.message(), '1:2', 0) };
    else if (key === '2:2') scopeLogs.push(readScopeLogs(reader.message()));
    else return false;
    return true;
  });
  return { resource, scopeLogs };
}

function readScopeLogs(reader: Reader): object {
  const logRecords: object[] = [];
  let scope: object = {};
  fields(reader, (key) => {
    if (key === '1:2') scope = readScope(reader.message());
    else if (key === '2:2') logRecords.push(readLogRecord(reader.message()));
    else return false;
    return true;
  });
  return { scope, logRecords };
}

function readScope(reader: Reader): object {
  let name = '';
  fields(reader, (key) => {
    if (key !== '1:2') return false;
    name = reader.text();
    return true;
  });
  return { name };
}

function readLogRecord(reader: Reader): object {
  const record: Record<string, unknown> = {};
  const attributes: object[] = [];
  fields(reader, (key) => {
    if (key === '1:1') record['timeUnixNano'] = String(reader.fixed64());
    else if (key === '11:1') record['observedTimeUnixNano'] = String(reader.fixed64());
    else if (key === '2:0') record['severityNumber'] = Number(reader.varint());
    else if (key === '3:2') record['severityText'] = reader.text();
    else if (key === '5:2') record['body'] = readAnyValue(reader.message(), 0);
    else if (key === '6:2') attributes.push(readKeyValue(reader.message(), 0));
    else if (key === '9:2') record['traceId'] = reader.bytes().toString('hex');
    else if (key === '10:2') record['spanId'] = reader.bytes().toString('hex');
    else if (key === '12:2') record['eventName'] = reader.text();
    else return false;
    return true;
  });
  return { ...record, attributes };
}

function readAttributes(reader: Reader, wanted: string, depth: number): object[] {
  const attributes: object[] = [];
  fields(reader, (key) => {
    if (key !== wanted) return false;
    attributes.push(readKeyValue(reader.message(), depth));
    return true;
  });
  return attributes;
}

function readKeyValue(reader: Reader, depth: number): object {
  let name = '';
  let value: object = {};
  fields(reader, (key) => {
    if (key === '1:2') name = reader.text();
    else if (key === '2:2') value = readAnyValue(reader.message(), depth + 1);
    else return false;
    return true;
  });
  return { key: name, value };
}

function readAnyValue(reader: Reader, depth: number): object {
  if (depth > maximumDepth) throw new WireFault('values are nested too deep');
  let value: object = {};
  fields(reader, (key) => {
    if (key === '1:2') value = { stringValue: reader.text() };
    else if (key === '2:0') value = { boolValue: reader.varint() !== 0n };
    else if (key === '3:0') value = { intValue: String(BigInt.asIntN(64, reader.varint())) };
    else if (key === '4:1') value = { doubleValue: reader.double() };
    else if (key === '5:2') {
      const values: object[] = [];
      const list = reader.message();
      fields(list, (inner) => {
        if (inner !== '1:2') return false;
        values.push(readAnyValue(list.message(), depth + 1));
        return true;
      });
      value = { arrayValue: { values } };
    } else if (key === '6:2') {
      value = { kvlistValue: { values: readAttributes(reader.message(), '1:2', depth + 1) } };
    } else if (key === '7:2') value = { bytesValue: reader.bytes().toString('base64') };
    else return false;
    return true;
  });
  return value;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function lengthed(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

/** An ExportLogsServiceResponse; empty where everything was taken. */
export function writeExportResponse(rejected: number, message: string): Buffer {
  if (rejected === 0 && message === '') return Buffer.alloc(0);
  const count = rejected === 0 ? Buffer.alloc(0) : Buffer.concat([varint(8), varint(rejected)]);
  return lengthed(1, Buffer.concat([count, lengthed(2, Buffer.from(message))]));
}

/** A google.rpc.Status, which OTLP asks for in answers that refuse. */
export function writeStatus(code: number, message: string): Buffer {
  return Buffer.concat([varint(8), varint(code), lengthed(2, Buffer.from(message))]);
}
