import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

/** A search field that speaks up when the typing pauses. */
export function SearchBox({
  label,
  value,
  search,
}: {
  label: string;
  value: string;
  search: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const latest = useRef(search);
  latest.current = search;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => latest.current(text.trim()), 300);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <label className="search-box">
      <Search aria-hidden="true" />
      <span className="visually-hidden">{label}</span>
      <input
        type="search"
        value={text}
        placeholder={label}
        onChange={(event) => setText(event.currentTarget.value)}
        spellCheck={false}
        autoCapitalize="none"
      />
    </label>
  );
}
