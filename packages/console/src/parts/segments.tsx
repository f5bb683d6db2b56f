/** One of a few, side by side. */
export function Segments<T extends string>({
  label,
  value,
  choices,
  choose,
}: {
  label: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  choose: (value: T) => void;
}) {
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">{label}</legend>
      {choices.map(([id, text]) => (
        <label key={id} className="segment">
          <input type="radio" name={label} checked={id === value} onChange={() => choose(id)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
