/** A small line of rates, as high as its highest. The words around it say what the numbers are. */
export function Spark({
  values: given,
  usual,
  label,
}: {
  values: readonly number[];
  usual: number | null;
  label: string;
}) {
  // One value alone is a line too.
  const values = given.length === 1 ? [given[0]!, given[0]!] : given;
  const top = Math.max(1, usual ?? 0, ...values);
  const step = values.length > 1 ? 100 / (values.length - 1) : 0;
  const y = (value: number) => 23 - (value / top) * 21;
  const line = values.map((value, index) => `${(index * step).toFixed(2)},${y(value).toFixed(2)}`).join(' ');
  return (
    <svg className="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <polygon className="spark-area" points={`0,24 ${line} ${((values.length - 1) * step).toFixed(2)},24`} />
      {usual === null ? null : <line className="spark-usual" x1="0" x2="100" y1={y(usual)} y2={y(usual)} />}
      <polyline className="spark-line" points={line} />
    </svg>
  );
}
