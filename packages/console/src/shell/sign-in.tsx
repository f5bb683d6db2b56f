import { useQuery } from '@tanstack/react-query';
import { signInQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';
import { isKey } from '../language/translate.ts';
import { Copyable } from '../parts/frame.tsx';
import { Segments } from '../parts/segments.tsx';
import { SignInScene } from './sign-in-scene.tsx';

/** For those without a session: how to get one. */
export function SignIn({ retry }: { retry: () => void }) {
  const { t, language, change } = useSettings();
  const methods = useQuery(signInQuery);
  const oidc = methods.data?.oidc;
  const problem = `signIn.problem.${new URLSearchParams(window.location.search).get('sign-in') ?? ''}`;
  return (
    <main className="sign-in">
      <title>{`${t('signIn.title')} · Kỳ Đài`}</title>
      <div className="sign-in-scene" aria-hidden="true">
        <SignInScene />
      </div>
      <div className="sign-in-card">
        <h1>{t('app.name')}</h1>
        <p className="lead">{t('app.tagline')}</p>
        <p>{t('signIn.lead')}</p>
        {isKey(problem) ? (
          <p className="notice warn" role="alert">
            {t(problem as 'signIn.problem.expired')}
          </p>
        ) : null}
        {oidc ? (
          <section>
            <a className="button primary" href="/sign-in/oidc">
              {t('signIn.oidc', { name: oidc.name })}
            </a>
            <p className="hint">{t('signIn.oidcHint')}</p>
          </section>
        ) : null}
        {methods.data?.local !== false ? (
          <section>
            <h2>{t('signIn.local')}</h2>
            <p>{t('signIn.localHint')}</p>
            <Copyable text="npx kydai sign-in" label={t('signIn.local')} />
          </section>
        ) : null}
        <footer>
          <button type="button" className="button" onClick={retry}>
            {t('signIn.retry')}
          </button>
          <Segments
            label={t('settings.language')}
            value={language}
            choose={(value) => change({ language: value })}
            choices={[
              ['vi', 'Tiếng Việt'],
              ['en', 'English'],
            ]}
          />
        </footer>
      </div>
    </main>
  );
}
