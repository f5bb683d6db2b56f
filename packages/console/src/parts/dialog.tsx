import { X } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useSettings } from '../language/settings.tsx';
import { Why } from './frame.tsx';

/**
 * A modal window on the platform's own `<dialog>`: the browser keeps the focus inside, gives it back, makes the rest
 * inert and closes on Escape.
 */
export function Dialog({
  title,
  close,
  children,
  className = '',
}: {
  title: string;
  close: () => void;
  children: ReactNode;
  className?: string;
}) {
  const { t } = useSettings();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // The browser would take the first button, which is the one that closes: a field that waits for words is better.
      dialog.querySelector<HTMLElement>('[data-focus], form select, form textarea, form input')?.focus();
    }
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it already; the click is for the backdrop alone
    <dialog
      ref={ref}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === ref.current) close();
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" className="icon-button" onClick={close} aria-label={t('common.close')}>
            <X aria-hidden="true" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Another answer than the one that the button at the end gives. */
export interface Answer {
  readonly value: string;
  readonly label: string;
  readonly tone: 'plain' | 'danger';
}

/** Asks before an act: says what will happen, takes what the act needs, shows why it failed, closes when it is done. */
export function ConfirmDialog({
  title,
  explanation,
  confirm,
  tone = 'plain',
  other,
  disabled = false,
  act,
  close,
  children,
  className = '',
}: {
  title: string;
  explanation: string;
  confirm: string;
  tone?: 'plain' | 'danger';
  other?: Answer;
  disabled?: boolean;
  /** `answer` is the value of `other`, or empty. */
  act: (form: FormData, answer: string) => Promise<unknown>;
  close: () => void;
  children?: ReactNode;
  className?: string;
}) {
  const { t } = useSettings();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    setBusy(true);
    setError(undefined);
    try {
      await act(new FormData(event.currentTarget), (submitter as HTMLButtonElement | null)?.value ?? '');
      close();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} close={close} className={className}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p>{explanation}</p>
        {children}
        <FormError error={error} />
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={close} disabled={busy}>
            {t('common.cancel')}
          </button>
          {other === undefined ? null : (
            <button
              type="submit"
              className={`button ${other.tone}`}
              value={other.value}
              disabled={busy || disabled}
            >
              {other.label}
            </button>
          )}
          <button
            type="submit"
            className={tone === 'danger' ? 'button danger' : 'button primary'}
            disabled={busy || disabled}
          >
            {busy ? t('common.working') : confirm}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Why a form was not taken; nothing while there is no error. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <p className="form-error" role="alert">
      <Why error={error} />
    </p>
  );
}

/** The comment that goes into the audit log with an act. */
export function CommentField({
  name = 'comment',
  label,
  required = false,
  max = 4000,
}: {
  name?: string;
  label?: string;
  required?: boolean;
  max?: number;
}) {
  const { t } = useSettings();
  return (
    <label className="field">
      <span>{label ?? t('common.comment')}</span>
      <textarea name={name} rows={3} maxLength={max} required={required} />
      <small>{t('common.commentHint')}</small>
    </label>
  );
}

/** The text of a form's field, without blanks at its ends. */
export function fieldText(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
