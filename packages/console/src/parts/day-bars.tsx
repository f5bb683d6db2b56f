/** Counts over time as small bars in a line of a table. `most` is the height of the tallest, over all lines. */
export function DayBars({ counts, most, label }: { counts: readonly number[]; most: number; label: string }) {
  const width = 4;
  return (
    <svg
      className="day-bars"
      viewBox={`0 0 ${counts.length * width} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {counts.map((count, index) => {
        const tall = count === 0 ? 0 : Math.max(1, (count / Math.max(1, most)) * 20);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: the place of a bar is its day
            key={index}
            className="bar"
            x={index * width}
            y={20 - tall}
            width={width - 1}
            height={tall}
          />
        );
      })}
    </svg>
  );
}
