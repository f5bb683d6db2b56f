import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { ruleQuery, rulesQuery } from '../../api/queries.ts';
import { titleOfRule } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { SeverityGlyph } from '../../parts/marks.tsx';

/** Finds a rule in force by a few letters of its name. */
export function RulePicker({ value, choose }: { value: string; choose: (id: string) => void }) {
  const { t, language } = useSettings();
  const [q, setQ] = useState('');
  const id = useId();
  const chosen = useQuery({ ...ruleQuery(value), enabled: value !== '', retry: false });
  const found = useQuery({ ...rulesQuery({ q, pack: 'all' }, 8, 0), enabled: q.trim().length > 1 });
  if (value !== '') {
    return (
      <p className="picked">
        {chosen.data ? <SeverityGlyph level={chosen.data.level} /> : null}
        <strong>{chosen.data ? titleOfRule(chosen.data, language) : value}</strong>
        <span className="mono hint">{value}</span>
        <button type="button" className="link" onClick={() => choose('')}>
          {t('hunts.other')}
        </button>
      </p>
    );
  }
  return (
    <div className="field">
      <label htmlFor={id}>
        <span>{t('hunts.rule')}</span>
      </label>
      <input
        id={id}
        type="search"
        value={q}
        placeholder={t('hunts.find')}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setQ(event.currentTarget.value)}
      />
      {q.trim().length > 1 && found.data ? (
        <ul className="picker">
          {found.data.items.length === 0 ? <li className="hint padded">{t('rules.none')}</li> : null}
          {found.data.items.map((rule) => (
            <li key={rule.id}>
              <button type="button" onClick={() => choose(rule.id)}>
                <SeverityGlyph level={rule.level} />
                <span>{titleOfRule(rule, language)}</span>
                <span className="hint">{rule.pack ?? t('rules.origin.own')}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
