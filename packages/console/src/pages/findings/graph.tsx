import type { GraphNode, SbomGraph } from '@kydai/contracts';
import { useSettings } from '../../language/settings.tsx';
import { box, layOut, onTheWay, type Placed, within } from './layout.ts';

/**
 * How each vulnerable component came in: columns of steps from the system, and nothing of the graph that leads to no
 * finding. Choosing a component lights up the ways to it.
 */
export function WaysGraph({
  graph,
  chosen,
  choose,
}: {
  graph: SbomGraph;
  chosen: string;
  choose: (purl: string) => void;
}) {
  const { t } = useSettings();
  const lit = onTheWay(graph);
  const { width, height, places } = layOut(graph, lit.nodes);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="ways-frame" aria-label={t('graph.title')} tabIndex={0}>
      <svg
        className="ways-graph"
        data-lit={chosen !== '' && lit.nodes.size > 0 ? '' : undefined}
        width={width + 24}
        height={height + 16}
        viewBox={`-8 -8 ${width + 24} ${height + 16}`}
      >
        <title>{t('graph.title')}</title>
        {graph.edges.map(([from, to]) => (
          <path
            key={`${from} ${to}`}
            className={lit.edges.has(`${from} ${to}`) ? 'way lit' : 'way'}
            d={line(places[from]!, places[to]!)}
          />
        ))}
        {graph.nodes.map((node) => (
          <Node
            key={node.id}
            node={node}
            place={places[node.id]!}
            lit={lit.nodes.has(node.id)}
            chosen={node.purl !== '' && node.purl === chosen}
            choose={choose}
          />
        ))}
      </svg>
    </section>
  );
}

function Node({
  node,
  place,
  lit,
  chosen,
  choose,
}: {
  node: GraphNode;
  place: Placed;
  lit: boolean;
  chosen: boolean;
  choose: (purl: string) => void;
}) {
  const { t } = useSettings();
  const label = [
    `${node.name} ${node.version}`,
    ...(node.severity
      ? [t(`findings.severity.${node.severity}`), t('findings.count', { n: node.findings })]
      : []),
    ...(node.knownExploited ? [t('findings.knownExploited')] : []),
    ...(node.hidden > 0 ? [t('graph.hidden', { n: node.hidden })] : []),
  ].join(', ');
  const act =
    node.findings === 0
      ? {}
      : {
          role: 'button',
          tabIndex: 0,
          'aria-pressed': chosen,
          onClick: () => choose(chosen ? '' : node.purl),
          onKeyDown: (event: React.KeyboardEvent) => {
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            choose(chosen ? '' : node.purl);
          },
        };
  const count = node.findings > 1 ? String(node.findings) : '';
  return (
    <g
      className={lit ? 'graph-node lit' : 'graph-node'}
      data-level={node.severity ?? undefined}
      data-root={node.id === 0 ? '' : undefined}
      data-chosen={chosen ? '' : undefined}
      transform={`translate(${place.x} ${place.y})`}
      aria-label={label}
      {...act}
    >
      <title>{label}</title>
      <rect className="graph-box" width={box.width} height={box.height} rx={3} />
      {node.severity ? <rect className="graph-level" width={5} height={box.height} rx={2} /> : null}
      <text className="graph-name" x={14} y={15}>
        {within(node.name, 26)}
      </text>
      <text className="graph-version" x={14} y={28}>
        {within(node.version, 24)}
        {node.knownExploited ? ` · ${t('graph.exploited')}` : ''}
      </text>
      {count ? (
        <text className="graph-count" x={box.width - 8} y={15} textAnchor="end">
          {count}
        </text>
      ) : null}
      {node.hidden > 0 ? (
        <text className="graph-hidden" x={box.width - 8} y={28} textAnchor="end">
          +{node.hidden}
        </text>
      ) : null}
    </g>
  );
}

function line(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + box.width, from.y + box.height / 2];
  const [x2, y2] = [to.x, to.y + box.height / 2];
  const bend = Math.max(30, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** The ways to one component in words, for those who read rather than look: what to change stands second. */
export function WayList({ graph }: { graph: SbomGraph }) {
  const { t } = useSettings();
  return (
    <div className="way-list">
      <p className="hint">{t('graph.waysIn', { n: graph.ways.length + graph.moreWays })}</p>
      <ol>
        {graph.ways.map((way) => (
          <li key={way.join(' ')}>
            {way.map((id, step) => {
              const node = graph.nodes[id]!;
              const part =
                step === 0 ? 'root' : step === 1 ? 'direct' : step === way.length - 1 ? 'target' : 'between';
              return (
                <span key={id} className="way-step" data-part={part}>
                  {node.name}
                  {node.version ? <span className="mono">{node.version}</span> : null}
                </span>
              );
            })}
          </li>
        ))}
      </ol>
      {graph.moreWays > 0 ? <p className="hint">{t('graph.moreWays', { n: graph.moreWays })}</p> : null}
    </div>
  );
}
