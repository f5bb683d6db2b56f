import type { ReactNode } from 'react';
import { post } from '../api/client.ts';
import { paths } from '../api/paths.ts';
import { useSession } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import type { PlainKey } from '../language/translate.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Segments } from '../parts/segments.tsx';
import { LiveMark } from './flag.tsx';

/** Language, theme, time zone, notifications and the way out; on a phone the rest of the navigation comes first. */
export function SettingsDialog({ close, children }: { close: () => void; children?: ReactNode }) {
  const { t, language, theme, zone, notify, change } = useSettings();
  const { user, version } = useSession();
  const blocked = 'Notification' in window && Notification.permission === 'denied';
  const askNotify = async (wanted: boolean) => {
    if (!wanted || !('Notification' in window)) return change({ notify: false });
    change({ notify: (await Notification.requestPermission()) === 'granted' });
  };
  const signOut = async () => {
    await post(paths.signOut).catch(() => undefined);
    window.location.assign('/');
  };
  return (
    <Dialog title={children ? t('nav.menu') : t('settings.title')} close={close} className="sheet">
      {children}
      <div className="settings">
        <Choice
          label="settings.language"
          value={language}
          choose={(value) => change({ language: value })}
          choices={[
            ['vi', 'Tiếng Việt'],
            ['en', 'English'],
          ]}
        />
        <Choice
          label="settings.theme"
          value={theme}
          choose={(value) => change({ theme: value })}
          choices={[
            ['system', t('settings.theme.system')],
            ['light', t('settings.theme.light')],
            ['dark', t('settings.theme.dark')],
          ]}
        />
        <Choice
          label="settings.zone"
          value={zone}
          choose={(value) => change({ zone: value })}
          choices={[
            ['vietnam', t('settings.zone.vietnam')],
            ['local', t('settings.zone.local')],
            ['utc', t('settings.zone.utc')],
          ]}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={notify}
            disabled={blocked}
            onChange={(event) => void askNotify(event.currentTarget.checked)}
          />
          <span>{t('settings.notify')}</span>
        </label>
        {blocked ? <p className="hint">{t('settings.notifyDenied')}</p> : null}
        <div className="account-card">
          <div>
            <strong>{user.name}</strong>
            <p className="hint">
              {t('settings.roles')}: {user.roles.join(', ') || t('common.none')}
            </p>
            <p className="hint">
              {t('app.version', { version })} · <LiveMark />
            </p>
          </div>
          <button type="button" className="button" onClick={() => void signOut()}>
            {t('settings.signOut')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Choice<T extends string>({
  label,
  value,
  choices,
  choose,
}: {
  label: PlainKey;
  value: T;
  choices: readonly (readonly [T, string])[];
  choose: (value: T) => void;
}) {
  const { t } = useSettings();
  return (
    <div className="choice">
      <span aria-hidden="true">{t(label)}</span>
      <Segments label={t(label)} value={value} choices={choices} choose={choose} />
    </div>
  );
}
