import type { BackupsView } from '@kydai/contracts';

const day = 86_400_000;
const now = Date.now();
const name = (at: number) => `/mnt/sao-luu/kydai-${new Date(at).toISOString().slice(0, 10)}.backup`;
const create = [
  'cd /opt/kydai',
  'umask 077 && mkdir -p ~/kydai-backups',
  'test -s ~/kydai-backup.passphrase || openssl rand -base64 32 > ~/kydai-backup.passphrase',
  'file=~/kydai-backups/kydai-$(date +%F-%H%M).backup',
  'npx kydai backup create "$file" --passphrase-file ~/kydai-backup.passphrase',
  'npx kydai backup verify "$file" --passphrase-file ~/kydai-backup.passphrase',
].join('\n');
const nightly =
  '15 2 * * * cd /opt/kydai && umask 077 && mkdir -p ~/kydai-backups && file=~/kydai-backups/kydai-$(date +\\%F).backup && npx kydai backup create "$file" --passphrase-file ~/kydai-backup.passphrase && npx kydai backup verify "$file" --passphrase-file ~/kydai-backup.passphrase';

/** Backups of development: one young and unproven, one that does not restore, and nightly ones before. */
export const backups: BackupsView = {
  at: now,
  standing: 'due',
  created: now - 0.3 * day,
  proven: now - 8 * day,
  covers: now - 8.1 * day,
  items: Array.from({ length: 31 }, (_, n) => {
    const made = now - (n === 0 ? 0.3 : n * 2.7) * day;
    const proof = { at: made + 240_000, entries: 48_211 - n * 900, checkpoints: 9_120 - n * 200 };
    return {
      id: String(n),
      made,
      file: n === 1 ? '/opt/kydai/tay.backup' : name(made),
      bytes: 1_840_000_000 - n * 37_000_000,
      place: n === 1 ? ('beside' as const) : n > 20 ? ('away' as const) : ('elsewhere' as const),
      proven: n > 2 ? { ...proof, events: 12_400_000 - n * 410_000, keys: n % 5 === 0 ? null : 5 } : null,
      failed: n === 2 ? { at: made + 260_000, why: 'the backup is cut off' } : null,
    };
  }),
  notInIt: [{ what: 'keys-in-token', name: 'hue-ca' }],
  commands: {
    create,
    verify: create.split('\n').slice(0, 1).concat('npx kydai backup verify /mnt/x').join('\n'),
    nightly,
  },
};

export const noBackups: BackupsView = {
  ...backups,
  standing: 'none',
  created: null,
  proven: null,
  covers: null,
  items: [],
  notInIt: [],
  commands: { create, verify: null, nightly },
};
