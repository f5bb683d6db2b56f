import type { BackupStanding } from '@kydai/contracts';
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react';

/** How a standing looks: what restores and is young is good; what will soon be too old, or might not restore, is a warning. */
export const tones: Readonly<Record<BackupStanding, 'good' | 'warn' | 'bad'>> = {
  none: 'bad',
  failed: 'bad',
  overdue: 'bad',
  unproven: 'warn',
  due: 'warn',
  proven: 'good',
};

export const standingIcons = { good: ShieldCheck, warn: ShieldQuestion, bad: ShieldAlert } as const;
