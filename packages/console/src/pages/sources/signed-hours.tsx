import type { AuditLeaf, InclusionView } from '@kydai/contracts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { get } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { statementsQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Failure, Loaded, Skeleton } from '../../parts/frame.tsx';
import { type ProofOutcome, proveInclusion } from '../../parts/merkle.ts';
import { When } from '../../parts/when.tsx';

/** The statements by which a source's account entered the audit log, each to be proven here. */
export function SignedHours({ source }: { source: string }) {
  const { t } = useSettings();
  const [open, setOpen] = useState(false);
  return (
    <details className="signed-hours" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('sources.proofs')}</summary>
      {open ? <Statements source={source} /> : null}
    </details>
  );
}

function Statements({ source }: { source: string }) {
  const { t } = useSettings();
  const query = useQuery(statementsQuery(source));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={2} />}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="hint">{t('sources.proofsNone')}</p>
        ) : (
          <>
            <p className="hint">{t('sources.proofsHint')}</p>
            <ul className="statements">
              {items.map((leaf) => (
                <Statement key={leaf.index} leaf={leaf} />
              ))}
            </ul>
          </>
        )
      }
    </Loaded>
  );
}

const words = { unsigned: 'sources.provenUnsigned', broken: 'sources.provenNot' } as const;

function Statement({ leaf }: { leaf: AuditLeaf }) {
  const { t, format } = useSettings();
  const proving = useMutation({
    mutationFn: async (): Promise<{ outcome: ProofOutcome; view: InclusionView }> => {
      const { items } = await get<{ items: readonly InclusionView[] }>(paths.inclusion(leaf.index));
      const view = items[0]!;
      // The proof must be about what is shown, not about another entry that is in the log too.
      const same = JSON.stringify(view.entry) === JSON.stringify(leaf.entry) && view.index === leaf.index;
      return { outcome: same ? await proveInclusion(view) : 'broken', view };
    },
  });
  const { detail, at } = leaf.entry;
  const count = (name: string) => format.number(Number(detail[name] ?? 0));
  const outcome = proving.data?.outcome;
  const Icon = outcome === 'broken' ? ShieldAlert : ShieldCheck;
  return (
    <li>
      <div className="statement">
        <When at={at} exact />
        <span className="figures">
          {t('sources.proofLine', {
            received: count('received'),
            kept: count('kept'),
            refused: count('refused'),
            dropped: count('dropped'),
          })}
        </span>
        <button
          type="button"
          className="button"
          disabled={proving.isPending}
          onClick={() => proving.mutate()}
        >
          {t(proving.isPending ? 'sources.proving' : 'sources.prove')}
        </button>
      </div>
      <div aria-live="polite">
        {proving.data && outcome ? (
          <p
            className={
              outcome === 'broken' ? 'notice bad' : outcome === 'proven' ? 'notice good' : 'notice warn'
            }
          >
            <Icon aria-hidden="true" />
            {outcome === 'proven'
              ? t('sources.proven', {
                  index: format.number(leaf.index),
                  size: format.number(proving.data.view.checkpoint.size),
                  time: format.exact(proving.data.view.checkpoint.at),
                })
              : t(words[outcome])}
          </p>
        ) : null}
        {proving.error ? <Failure error={proving.error} /> : null}
      </div>
    </li>
  );
}
