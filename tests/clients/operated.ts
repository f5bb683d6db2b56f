import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { PkiHealthView } from '@kydai/contracts';
// @boundaries-ignore asks as devices do
import { makeCsr } from '../../packages/pki/src/fixtures/request.ts';
import type { Program } from '../program.ts';

/** A running program as its operator and its devices see it, many requests at a time. */

function operatorOf({ folder }: Program): { key: string; pid: number; rootPem: string } {
  return JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8'));
}

export function operatorHeaders(program: Program): Record<string, string> {
  return { authorization: `Bearer ${operatorOf(program).key}` };
}

export async function health(program: Program): Promise<PkiHealthView> {
  const url = `${program.addresses.http}/api/v1/pki/health`;
  return PkiHealthView.parse(await (await fetch(url, { headers: operatorHeaders(program) })).json());
}

/** The process with the token: the child of the program that runs `token/process.ts`. */
export function childOf(program: Program): number | undefined {
  const { pid } = operatorOf(program);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return children.map(Number).find((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('token/process.ts');
    } catch {
      return false;
    }
  });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Enrols devices by EST, all at a time; the answers in their order. */
export async function enrol(program: Program, devices: readonly string[]): Promise<Answer[]> {
  const { rootPem } = operatorOf(program);
  const roots = await (await fetch(`${program.addresses.status}/pki/ca/root.pem`)).text();
  return Promise.all(
    devices.map(async (deviceId) => {
      const made = await fetch(`${program.addresses.http}/api/v1/enrolment-tokens`, {
        method: 'POST',
        headers: { ...operatorHeaders(program), 'content-type': 'application/json' },
        body: JSON.stringify({ deviceId, kind: 'camera', zone: 'north', minutes: 10 }),
      });
      const { token } = (await made.json()) as { token: string };
      return post(program, `${rootPem}\n${roots}`, `${deviceId}:${token}`, makeCsr(deviceId));
    }),
  );
}

function post(program: Program, ca: string, auth: string, csr: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${program.addresses.devices}/.well-known/est/simpleenroll`,
      { method: 'POST', ca, auth, headers: { 'content-type': 'application/pkcs10' } },
      (response) => {
        let body = '';
        response.setEncoding('latin1').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    sent.on('error', reject);
    sent.end(Buffer.from(csr).toString('base64'));
  });
}
