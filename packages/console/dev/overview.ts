import type { Overview, SessionView } from '@kydai/contracts';
import { certificates, detections, devices, incidents, minute, obligations, runs, sources } from './data.ts';
import { activity } from './events.ts';

export const session: SessionView = {
  user: { id: 'minh.nguyen', name: 'Nguyễn Văn Minh', roles: ['soc-analyst', 'ciso'] },
  permissions: [
    'view',
    'search-logs',
    'handle-incident',
    'approve-step',
    'contain-device',
    'revoke-certificate',
    'create-enrolment-token',
    'create-api-token',
    'change-rules',
  ],
  version: '0.1.0',
};

export function overview(): Overview {
  const open = incidents.filter((one) => !['closed', 'false-positive'].includes(one.state));
  const waiting = runs.flatMap((run) =>
    run.steps
      .filter((step) => step.state === 'waiting-approval')
      .map((step) => {
        const incident = incidents.find((one) => one.id === run.incidentId)!;
        return {
          runId: run.id,
          stepId: step.id,
          stepName: step.name,
          incidentId: incident.id,
          incidentNumber: incident.number,
          incidentTitle: incident.title,
          severity: incident.severity,
          since: step.started ?? run.started,
          reason: 'Công nghệ vận hành không bao giờ bị cô lập mà không có người phê duyệt.',
          reasonEn: 'Operational technology is never contained without a person.',
          ...(step.command === undefined ? {} : { command: step.command }),
          ...(step.commandVi === undefined ? {} : { commandVi: step.commandVi }),
          drill: run.drill,
        };
      }),
  );
  const indicator = (
    name: Overview['indicators'][number]['name'],
    n: number,
    mean: number,
    median: number,
    p90: number,
    unknownStart: number,
    stillOpen: number,
  ) => ({
    name,
    n,
    mean: n ? mean : null,
    median: n ? median : null,
    p90: n ? p90 : null,
    unknownStart,
    stillOpen,
    incidentIds: incidents.slice(0, n).map((one) => one.id),
  });
  const now = Date.now();
  return {
    now,
    incidents: {
      open: open.length,
      bySeverity: Object.fromEntries(
        ['critical', 'high', 'medium', 'low'].map((level) => [
          level,
          open.filter((one) => one.severity === level).length,
        ]),
      ),
      newest: open.slice(0, 8),
    },
    indicators: [
      indicator('mttd', 31, 11.4 * minute, 4.2 * minute, 38 * minute, 4, 0),
      indicator('mtta', 35, 48_000, 2100, 96_000, 0, 1),
      indicator('mttc', 29, 74_000, 3400, 190_000, 0, 2),
      indicator('mttr-recover', 24, 340 * minute, 251 * minute, 780 * minute, 0, 5),
      indicator('mttr-respond', 35, 1100, 640, 2300, 0, 0),
    ],
    approvals: waiting,
    obligations,
    devices: {
      total: devices.length,
      quarantined: devices.filter((one) => one.quarantined).length,
      certificatesValid: certificates.filter((one) => !one.revoked && one.notAfter > now).length,
      certificatesExpiringSoon: 4,
      certificatesRevoked: certificates.filter((one) => one.revoked).length,
    },
    sources,
    activity: [...activity],
    pipelineLatency: { n: 1000, p50: 71, p99: 412 },
  };
}

export function incidentView(id: string) {
  const incident = incidents.find((one) => one.id === id);
  if (!incident) return undefined;
  return {
    incident,
    detections: detections.filter((one) => incident.detectionIds.includes(one.id)),
    runs: runs.filter((one) => one.incidentId === id),
    obligations: obligations.filter((one) => one.incidentId === id),
  };
}
