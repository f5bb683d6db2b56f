/** One of many, or all of them. */
export function Choice({
  label,
  all,
  value,
  choices,
  choose,
}: {
  label: string;
  all: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  choose: (value: string) => void;
}) {
  return (
    <select aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{all}</option>
      {choices.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
    </select>
  );
}
