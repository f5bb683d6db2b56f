import { AlertTriangle, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { explainError } from '../language/problems.ts';
import { useSettings } from '../language/settings.tsx';
import type { Translate } from '../language/translate.ts';
import { useCopy } from './copy-button.tsx';
import { Visible } from './visible.tsx';

/** A page: its title for the tab and the reader, a line about it, and its actions. */
export function Page({
  title,
  lead,
  actions,
  children,
  className = '',
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <article className={`page ${className}`}>
      <title>{`${title} · Kỳ Đài`}</title>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {lead ? <p className="lead">{lead}</p> : null}
        </div>
        {actions ? <div className="page-actions">{actions}</div> : null}
      </header>
      {children}
    </article>
  );
}

/** A part of a page under a heading of its own. */
export function Panel({
  title,
  hint,
  aside,
  children,
  className = '',
  flush = false,
}: {
  title: string;
  hint?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
  flush?: boolean;
}) {
  return (
    <section className={`panel ${className}`}>
      <header className="panel-head">
        <h2>{title}</h2>
        {hint ? <p className="hint">{hint}</p> : null}
        {aside ? <div className="panel-aside">{aside}</div> : null}
      </header>
      <div className={flush ? 'panel-body flush' : 'panel-body'}>{children}</div>
    </section>
  );
}

/** Nothing here yet, and what to do about it. */
export function Empty({ title, hint, children }: { title: string; hint?: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg className="empty-tower" viewBox="0 0 96 56" aria-hidden="true">
        <path d="M48 4v22M48 5l14 4-14 4" />
        <path d="M38 26h20l2 9H36zM27 36h42l2 9H25zM14 46h68l2 8H12z" />
      </svg>
      <p className="empty-title">{title}</p>
      {hint ? <p className="hint">{hint}</p> : null}
      {children}
    </div>
  );
}

/** What went wrong, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useSettings();
  return (
    <div className="failure" role="alert">
      <AlertTriangle aria-hidden="true" />
      <div>
        <strong>{t('error.title')}</strong>
        <p>
          <Why error={error} />
        </p>
      </div>
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          <RotateCw aria-hidden="true" />
          {t('common.retry')}
        </button>
      ) : null}
    </div>
  );
}

/** Why something failed, in the reader's language, with the server's own words as small print. */
export function Why({ error }: { error: unknown }) {
  const { t, language } = useSettings();
  const { text, detail } = explainError(error, t, language);
  return (
    <>
      {text}
      {detail ? <small className="problem-detail">{detail}</small> : null}
    </>
  );
}

/** The same as one line of text. */
export function explain(error: unknown, t: Translate): string {
  const { text, detail } = explainError(error, t);
  return detail ? `${text} ${detail}` : text;
}

/** Lines that stand for what is coming, in its shape. */
export function Skeleton({ lines = 5, tall = false }: { lines?: number; tall?: boolean }) {
  const { t } = useSettings();
  return (
    <div className={tall ? 'skeleton tall' : 'skeleton'} role="status" aria-label={t('app.loading')}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never move
        <span key={line} className="bone" />
      ))}
    </div>
  );
}

interface Loadable<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  refetch(): unknown;
}

/** Shows a query in its three states. Old data stays on the page while a renewal fails. */
export function Loaded<T>({
  query,
  skeleton,
  children,
}: {
  query: Loadable<T>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return skeleton ?? <Skeleton />;
}

/** A command or token to take along. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  const { t } = useSettings();
  const { copied, copy } = useCopy(text);
  return (
    <section className="copyable" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long commands scroll, also by the keyboard */}
      <pre className={text.trim().includes('\n') ? 'lines' : undefined} tabIndex={0}>
        <code>
          <Visible text={text} />
        </code>
      </pre>
      <button type="button" className="button quiet" onClick={copy}>
        {copied ? t('common.copied') : t('common.copy')}
      </button>
    </section>
  );
}
