import type { BackupsView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { backupsQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Copyable, Empty, Loaded, Page, Panel } from '../../parts/frame.tsx';
import { useNow } from '../../parts/now.ts';
import { Segments } from '../../parts/segments.tsx';
import { BackupTable } from './table.tsx';
import { standingIcons, tones } from './tones.ts';

/** What would be left of the city's security if this machine burnt down now, and what to do about it. */
export default function Backups() {
  const { t } = useSettings();
  const query = useQuery(backupsQuery());
  return (
    <Page title={t('backups.title')} lead={t('backups.lead')} className="backups">
      <Loaded query={query}>
        {(view) => (
          <>
            <Standing view={view} />
            <Next view={view} />
            {view.items.length === 0 ? (
              <Empty title={t('backups.empty')} hint={t('backups.emptyHint')} />
            ) : (
              <BackupTable items={view.items} />
            )}
            {view.notInIt.length > 0 ? (
              <Panel title={t('backups.notInIt')}>
                <ul className="bullets">
                  {view.notInIt.map(({ what, name }) => (
                    <li key={`${what} ${name}`}>{t(`backups.notInIt.${what}`, { name })}</li>
                  ))}
                </ul>
              </Panel>
            ) : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** The indicator: in one colour and one sentence, with the figure that it rests on. */
function Standing({ view }: { view: BackupsView }) {
  const { t, format } = useSettings();
  const now = useNow();
  const tone = tones[view.standing];
  const Icon = standingIcons[tone];
  const since = (time: number | null) => (time === null ? t('backups.never') : format.relative(time, now));
  const figures = [
    ['covers', view.covers],
    ['proven', view.proven],
    ['created', view.created],
  ] as const;
  return (
    <section className={`backup-standing notice ${tone}`} aria-label={t('backups.standing')}>
      <Icon aria-hidden="true" />
      <div>
        <h2>{t(`backups.standing.${view.standing}`)}</h2>
        <p>{t(`backups.why.${view.standing}`)}</p>
      </div>
      <dl>
        {figures.map(([name, time]) => (
          <div key={name}>
            <dt>{t(`backups.${name}`)}</dt>
            <dd className="figures" title={time === null ? undefined : format.exact(time)}>
              {since(time)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The commands, that which is due before the others. */
function Next({ view }: { view: BackupsView }) {
  const { t } = useSettings();
  const { standing, commands } = view;
  const due = standing === 'unproven' ? 'verify' : standing === 'proven' ? 'nightly' : 'create';
  const [chosen, setChosen] = useState<keyof typeof commands>();
  const shown = chosen ?? due;
  const choices = (['create', 'verify', 'nightly'] as const).filter((one) => commands[one] !== null);
  return (
    <Panel
      className="backup-next"
      title={t('backups.next')}
      hint={t('backups.where')}
      aside={
        <Segments
          label={t('backups.next')}
          value={shown}
          choose={setChosen}
          choices={choices.map((one) => [one, t(`backups.next.${one}`)] as const)}
        />
      }
    >
      <Copyable text={commands[shown] ?? commands.create} label={t(`backups.next.${shown}`)} />
      <p className="hint">{t(`backups.hint.${shown}`)}</p>
    </Panel>
  );
}
