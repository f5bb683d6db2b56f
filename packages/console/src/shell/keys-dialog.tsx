import { useSettings } from '../language/settings.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { jumps } from './keys.ts';
import { groups } from './navigation.ts';

const acts = [
  [['j', 'k'], 'keys.rows'],
  [['Enter'], 'keys.open'],
  [['/'], 'keys.search'],
  [['Esc'], 'keys.leave'],
  [['[', ']'], 'keys.pages'],
  [['Ctrl K'], 'keys.palette'],
  [['?'], 'keys.help'],
] as const;

/** The keys of the console. */
export function KeysDialog({ close }: { close: () => void }) {
  const { t } = useSettings();
  const labels = new Map(groups.flatMap(({ places }) => places.map(({ href, label }) => [href, label])));
  return (
    <Dialog title={t('keys.title')} close={close}>
      <dl className="keys">
        {acts.map(([keys, label]) => (
          <div key={label}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
      <h3>{t('keys.go')}</h3>
      <dl className="keys columns">
        {Object.entries(jumps).map(([key, href]) => (
          <div key={key}>
            <dt>
              <kbd>g</kbd>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(labels.get(href)!)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
