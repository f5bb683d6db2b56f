import { Visible } from './visible.tsx';

/** An entity of the policies, with its type set apart. */
export function Uid({ uid: { type, id } }: { uid: { readonly type: string; readonly id: string } }) {
  return (
    <span className="entity">
      {type ? <span className="entity-type">{type}</span> : null}
      <span className="mono">
        <Visible text={id} />
      </span>
    </span>
  );
}

/** `Device::"cam-001"` in its two parts; what is no such text is an id without a type. */
export function uidOf(text: string): { readonly type: string; readonly id: string } {
  const quote = text.indexOf('::"');
  if (quote < 0) return { type: '', id: text };
  try {
    return { type: text.slice(0, quote), id: JSON.parse(text.slice(quote + 2)) as string };
  } catch {
    return { type: '', id: text };
  }
}
