import type { AuditLeaf } from '@kydai/contracts';
import { devices } from './devices.ts';
import { hex, minute, roll, start } from './start.ts';

const actions: readonly (readonly [string, string, string, Record<string, string | number>])[] = [
  ['certificate.issue', 'certificate', 'token:7c1e', { profile: 'device', key: 'EC-P256' }],
  ['decision.deny', 'device', 'system', { action: 'publish', policy: 'quarantined-devices' }],
  ['step.done', 'run', 'playbook:chung-thu-bi-danh-cap', { step: 'Cách ly' }],
  ['approval.grant', 'run', 'user:minh.nguyen', { comment: 'đã xác nhận qua điện thoại' }],
  ['certificate.revoke', 'certificate', 'playbook:chung-thu-bi-danh-cap', { reason: 'keyCompromise' }],
  ['session.begin', 'user', 'user:lan.tran', { method: 'oidc' }],
];
export const audit: AuditLeaf[] = Array.from({ length: 1312 }, (_, index) => {
  const [action, kind, actor, detail] = actions[Math.floor(roll() * actions.length)]!;
  const device = devices[Math.floor(roll() * devices.length)]!;
  return {
    index,
    hash: hex(64),
    entry: {
      at: start - (1312 - index) * 7 * minute,
      actor,
      action,
      target: `${kind}:${kind === 'user' ? 'lan.tran' : device.id}`,
      detail,
    },
  };
});
