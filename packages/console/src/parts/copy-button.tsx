import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useSettings } from '../language/settings.tsx';

/** Takes a text along, and says that it did. */
export function useCopy(text: string): { readonly copied: boolean; readonly copy: () => void } {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return { copied, copy: () => void copy() };
}

/** A small button beside a long value. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useSettings();
  const { copied, copy } = useCopy(text);
  const said = copied ? t('common.copied') : `${t('common.copy')}: ${label}`;
  return (
    <button type="button" className="icon-button copy-button" onClick={copy} aria-label={said} title={said}>
      {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
    </button>
  );
}
