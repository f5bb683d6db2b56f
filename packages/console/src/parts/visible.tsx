import { piecesOf } from '../language/visible.ts';

/** A text of others, in which nothing is hidden and nothing reads in another order than it is. */
export function Visible({ text }: { text: string }) {
  const pieces = piecesOf(text);
  if (pieces.length === 1 && typeof pieces[0] === 'string') return text;
  return pieces.map((piece, at) =>
    typeof piece === 'string' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
      <bdi key={at}>{piece}</bdi>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
      <span key={at} className="hidden-mark" title={piece.name}>
        {piece.code}
      </span>
    ),
  );
}
