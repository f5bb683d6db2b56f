import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRequest, Decide } from '@kydai/contracts';
import type { CommandIo } from './commands/io.ts';

/** A folder that is gone when the scope ends. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'kydai-sbom-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** An OSV record, as small as it may be. */
export function osv(
  id: string,
  name: string,
  events: readonly Readonly<Record<string, string>>[],
  more: {
    readonly ecosystem?: string;
    readonly versions?: readonly string[];
    readonly [field: string]: unknown;
  } = {},
): Record<string, unknown> {
  const { ecosystem = 'npm', versions, ...fields } = more;
  return {
    schema_version: '1.6.0',
    id,
    modified: '2026-01-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem, name },
        ...(events.length === 0 ? {} : { ranges: [{ type: 'ECOSYSTEM', events }] }),
        ...(versions === undefined ? {} : { versions }),
      },
    ],
    ...fields,
  };
}

/** CVSS vectors of known base scores. */
export const vectors = {
  critical: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  medium: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N',
} as const;

/** Rules like those of `policies/release`, and a record of what was asked. */
export function releaseRules(): { readonly decide: Decide; readonly asked: AccessRequest[] } {
  const asked: AccessRequest[] = [];
  const decide: Decide = (request) => {
    asked.push(request);
    const context = request.context as Readonly<Record<string, number>>;
    const forbids = [
      ...(context['critical']! + context['high']! > 0 ? ['critical-or-high'] : []),
      ...(context['knownExploited']! > 0 ? ['known-exploited'] : []),
      ...(context['malicious']! > 0 ? ['malicious-package'] : []),
      ...(context['databaseAgeDays']! > 30 ? ['stale-advisories'] : []),
    ];
    const allowed = forbids.length === 0;
    return {
      allowed,
      outcome: allowed ? 'permitted' : 'forbidden',
      determining: (allowed ? ['clean-build-ships'] : forbids).map((id) => ({
        id,
        effect: allowed ? 'permit' : 'forbid',
        reason: `reason of ${id}`,
      })),
      failures: [],
      policySet: '0123456789ab',
    };
  };
  return { decide, asked };
}

/** Keeps what a command writes. */
export function recordingIo(terminal?: {
  readonly columns: number;
}): CommandIo & { readonly text: { out: string; err: string } } {
  const text = { out: '', err: '' };
  return {
    text,
    out: (part) => {
      text.out += part;
    },
    err: (part) => {
      text.err += part;
    },
    ...(terminal === undefined ? {} : { terminal }),
  };
}
