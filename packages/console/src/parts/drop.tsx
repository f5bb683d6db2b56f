import { type ReactNode, useEffect, useId, useRef, useState } from 'react';

/**
 * A button that opens a small pane below it. It closes on Escape (the focus goes back to the button), on a press
 * elsewhere, and where `children` asks for it.
 */
export function Drop({
  label,
  quiet = false,
  end = false,
  children,
}: {
  label: ReactNode;
  quiet?: boolean;
  /** Align the pane with the end of the button. */
  end?: boolean;
  children: (close: () => void) => ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    const onPress = (event: PointerEvent) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', onPress);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', onPress);
      document.removeEventListener('keydown', onKey);
    };
  }, [open]);
  return (
    <div className={end ? 'drop end' : 'drop'} ref={frame}>
      <button
        ref={button}
        type="button"
        className={quiet ? 'button quiet' : 'button'}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen((before) => !before)}
      >
        {label}
      </button>
      {open ? (
        <div className="drop-body" id={id}>
          {children(() => setOpen(false))}
        </div>
      ) : null}
    </div>
  );
}
