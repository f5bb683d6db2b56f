import { readFileSync } from 'node:fs';
import { DeviceError } from '@kydai/device';
import { readCertsOnly } from '@kydai/pki';
import { readPem } from '../pki/issue-for.ts';

/** Where a receiving service learns of certificates. What it gives is believed only for the signatures on it. */
export interface CertificateSource {
  /** DER of the certificate with this serial number (hex); undefined where nobody has it. */
  certificate(serial: string): Promise<Uint8Array | undefined>;
  /** DER of every authority's certificate, cross-certificates too. */
  authorities(): Promise<readonly Uint8Array[]>;
  /** The answer to an OCSP request, and a CRL. @throws DeviceError `server-unavailable` */
  ocsp(url: string, request: Uint8Array): Promise<Uint8Array>;
  crl(url: string): Promise<Uint8Array>;
}

const patience = 5000;
const most = { certificate: 65_536, ocsp: 65_536, authorities: 1_048_576, crl: 67_108_864 } as const;

/** Asks the authority's status listener, and the places that certificates name. */
export function onlineSource(status: string): CertificateSource {
  const base = status.replace(/\/+$/, '');
  return {
    certificate: (serial) => ask(`${base}/pki/certificate/${serial}.crt`, most.certificate, undefined, true),
    async authorities() {
      return readCertsOnly((await ask(`${base}/pki/ca/all.p7c`, most.authorities))!);
    },
    ocsp: async (url, request) => (await ask(url, most.ocsp, request))!,
    crl: async (url) => (await ask(url, most.crl))!,
  };
}

/** Knows what stands in files, and asks nobody. */
export function fileSource(files: readonly string[]): CertificateSource {
  const held = files.flatMap((file) => pemOf(file));
  const offline = async (): Promise<never> => {
    throw new DeviceError(
      'server-unavailable',
      'no authority may be asked; give --status, or its list with --crl',
    );
  };
  return { certificate: async () => undefined, authorities: async () => held, ocsp: offline, crl: offline };
}

/** The certificates in a PEM file. @throws DeviceError `input-invalid` */
export function pemOf(file: string, label = 'CERTIFICATE'): Uint8Array[] {
  const found = readPem(textOf(file).toString('latin1'), label);
  if (found.length === 0)
    throw new DeviceError('input-invalid', `\`${file}\` holds no ${label.toLowerCase()} in PEM`);
  return found.map((body) => Buffer.from(body, 'base64'));
}

/** What stands in a file. @throws DeviceError `input-invalid` */
export function textOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DeviceError('input-invalid', `cannot read \`${file}\``, { cause });
  }
}

async function ask(
  url: string,
  largest: number,
  body?: Uint8Array,
  mayMiss = false,
): Promise<Uint8Array | undefined> {
  const unavailable = (what: string, cause?: unknown) =>
    new DeviceError('server-unavailable', `\`${url.slice(0, 200)}\` ${what}`, { cause });
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/ocsp-request' },
        body: Buffer.from(body),
      }),
    });
    if (mayMiss && response.status === 404) return undefined;
    if (!response.ok) throw unavailable(`answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > largest) throw unavailable('answered with too much');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    throw cause instanceof DeviceError ? cause : unavailable('cannot be reached', cause);
  }
}
