import type { ObligationClock, PlaybookRun } from '@kydai/contracts';
import { stolen, tampered } from './devices.ts';
import { incidents } from './incidents.ts';
import { hour, minute, start, uuid } from './start.ts';

export const step = (
  id: string,
  name: string,
  state: PlaybookRun['steps'][number]['state'],
  ago?: number,
  took = 300,
  more: Partial<PlaybookRun['steps'][number]> = {},
): PlaybookRun['steps'][number] => ({
  id: `action--${id}`,
  name,
  type: 'action',
  state,
  ...(ago === undefined ? {} : { started: start - ago }),
  ...(ago === undefined || state === 'waiting-approval' || state === 'running'
    ? {}
    : { ended: start - ago + took }),
  evidence: [],
  ...more,
});

export const runs: PlaybookRun[] = [
  {
    id: uuid(),
    playbookId: 'playbook--traffic',
    playbookName: 'Can thiệp đèn giao thông',
    incidentId: incidents[0]!.id,
    state: 'waiting-approval',
    started: start - 6 * minute + 240,
    drill: false,
    variables: { __device__: tampered.id },
    steps: [
      step('1', 'Ghi lại trạng thái bộ điều khiển', 'done', 6 * minute - 260, 180, {
        outcome: 'đã lưu 214 sự kiện làm chứng cứ',
      }),
      step('2', 'Chặn địa chỉ điều khiển lạ 203.0.113.48', 'done', 6 * minute - 500, 410, {
        outcome: 'đã chặn tại cổng giao thông',
        evidence: ['decision: connect denied by forbid blocked-address'],
      }),
      step('3', `Thu hồi chứng thư số của ${tampered.id}`, 'waiting-approval', 6 * minute - 1000, 0, {
        outcome: 'Thiết bị vận hành (OT): luôn cần một người phê duyệt',
        outcomePhrases: [
          {
            code: 'reason.policy',
            values: {
              policy: 'operational-technology',
              vi: 'Thiết bị vận hành (OT): luôn cần một người phê duyệt',
              en: 'Operational technology: a person always approves',
            },
          },
        ],
        command: `Revoke every valid certificate of controller ${tampered.id}.`,
        commandVi: `Thu hồi mọi chứng thư số còn hiệu lực của tủ điều khiển ${tampered.id}.`,
      }),
      step('4', 'Chuyển nút giao sang chế độ nhấp nháy vàng', 'pending'),
      step('5', 'Báo Đội Cảnh sát giao thông', 'pending'),
    ],
  },
  {
    id: uuid(),
    playbookId: 'playbook--stolen',
    playbookName: 'Chứng thư số bị đánh cắp',
    incidentId: incidents[1]!.id,
    state: 'done',
    started: start - 22 * minute + 240,
    ended: start - 22 * minute + 3500,
    drill: false,
    variables: { __device__: stolen.id },
    steps: [
      step('1', 'Xác minh hai địa chỉ dùng cùng một khóa', 'done', 22 * minute - 260, 140, {
        outcome: '192.0.2.12 và 198.51.100.23',
      }),
      step('2', `Thu hồi chứng thư số của ${stolen.id}`, 'done', 22 * minute - 500, 1900, {
        outcome: '1 chứng thư số đã thu hồi',
        evidence: ['ocsp: 1 of 1 certificates revoked'],
        evidencePhrases: [{ code: 'evidence.ocsp', values: { revoked: '1', all: '1' } }],
      }),
      step('3', `Cách ly ${stolen.id}`, 'done', 22 * minute - 2500, 800, {
        evidence: ['decision: publish denied by forbid quarantined-devices'],
      }),
      step('4', 'Tạo phiếu ghi danh lại', 'skipped', 22 * minute - 3400, 10, {
        outcome: 'chờ kết quả kiểm tra hiện trường',
      }),
    ],
  },
];
for (const run of runs) {
  const owner = incidents.findIndex((one) => one.id === run.incidentId);
  incidents[owner] = { ...incidents[owner]!, runIds: [run.id] };
}

export const obligations: ObligationClock[] = [0, 1].flatMap((index): ObligationClock[] => {
  const owner = incidents[index]!;
  const started = owner.times.discovery!.at;
  const make = (id: string, hours: number, vi: string, en: string): ObligationClock => ({
    obligation: {
      id,
      title: { vi, en },
      clockStart: 'discovery',
      hours,
      recipient: { vi: 'Bộ Công an (A05)', en: 'Ministry of Public Security (A05)' },
      citation: 'Nghị định 331/2026/NĐ-CP, Điều 31.2.d',
      inForce: '2026-08-19',
      verified: 'text',
      applies: { minimumSeverity: 'high' },
    },
    incidentId: owner.id,
    started,
    due: started + hours * hour,
  });
  return [
    make('first-notice', 24, 'Báo cáo ban đầu sự cố nghiêm trọng', 'First notice of a serious incident'),
    make('cause-scope', 72, 'Báo cáo nguyên nhân, phạm vi, khắc phục', 'Cause, scope and remedy'),
  ];
});
obligations.push({
  obligation: {
    id: 'personal-data',
    title: { vi: 'Thông báo vi phạm dữ liệu cá nhân', en: 'Personal data breach notice' },
    clockStart: 'discovery',
    hours: 72,
    recipient: { vi: 'Cơ quan bảo vệ dữ liệu cá nhân', en: 'Personal data protection authority' },
    citation: 'Luật 91/2025/QH15, Điều 23',
    inForce: '2026-01-01',
    verified: 'secondary',
    applies: { minimumSeverity: 'medium', categories: ['data-scraping'] },
  },
  incidentId: incidents[4]!.id,
  started: incidents[4]!.times.discovery!.at - 31 * hour,
  due: incidents[4]!.times.discovery!.at + 41 * hour,
});
