import type { Event } from '@kydai/contracts';
import { atOnce } from '../rules/at-once.ts';
import type { SigmaRule } from '../rules/rule.ts';
import { Matcher } from './matcher.ts';
import { type EvaluationContext, evaluate } from './reference.ts';
import { fits, Router, type Stream } from './route.ts';

/** The rules of one stream, made ready. */
interface Group {
  readonly stream: Stream;
  readonly rules: readonly SigmaRule[];
  /** Absent where there is no rule, and for the plain engine. */
  readonly matcher: Matcher | undefined;
}

/** Which rules hold of an event, by those that its stream meets. */
export class StreamRules {
  readonly #rules: readonly SigmaRule[];
  readonly #context: EvaluationContext;
  readonly #indexed: boolean;
  readonly #router: Router;
  readonly #groups = new Map<string, Group>();
  readonly #byStream = new Map<Stream, Group>();

  constructor(rules: readonly SigmaRule[], context: EvaluationContext, engine: 'indexed' | 'reference') {
    this.#rules = rules;
    this.#context = context;
    this.#indexed = engine === 'indexed';
    this.#router = new Router(rules);
  }

  /** Appends to `found` which of the rules that it returns hold of the event. */
  match(event: Event, found: number[]): readonly SigmaRule[] {
    const stream = this.#router.route(event);
    const { rules, matcher } = this.#byStream.get(stream) ?? this.#entered(stream);
    if (matcher) matcher.match(event, found);
    else {
      rules.forEach((rule, index) => {
        if (evaluate(rule.expression, event, this.#context)) found.push(index);
      });
    }
    return rules;
  }

  get streams(): readonly Stream[] {
    return Array.from(this.#groups.values(), ({ stream }) => stream);
  }

  stats() {
    return Array.from(this.#groups.values(), ({ stream, rules, matcher }) => {
      const {
        seen = 0,
        candidates = rules.length,
        always = rules.length,
        bytes = 0,
      } = matcher?.stats() ?? {};
      return { stream: stream.key, rules: rules.length, events: seen, candidates, always, bytes };
    });
  }

  /**
   * Makes the rules ready for streams whose events are still to come; yields now and then, so that others can work. Those
   * that come meanwhile are judged, as ever, by rules that are ready as a whole.
   */
  *readying(streams: readonly Stream[]): Generator<void, void, void> {
    for (const stream of streams) {
      if (this.#groups.has(stream.key)) continue;
      const group = yield* this.#compiling(stream);
      if (!this.#groups.has(stream.key)) this.#groups.set(stream.key, group);
    }
  }

  /** The same for the streams of `before`, which goes on meanwhile; what did not change is taken over from it. */
  *readyingAfter(before: StreamRules): Generator<void, void, void> {
    for (let ready = 0; ready < before.#groups.size; ready = this.#groups.size) {
      for (const known of before.#groups.values()) {
        if (!this.#groups.has(known.stream.key)) {
          this.#groups.set(known.stream.key, yield* this.#compiling(known.stream, known));
        }
      }
    }
  }

  *#compiling(stream: Stream, before?: Group): Generator<void, Group, void> {
    const rules = this.#rules.filter((rule) => fits(rule.logsource, stream));
    if (!this.#indexed || rules.length === 0) return { stream, rules, matcher: undefined };
    const same = before?.rules.length === rules.length;
    if (same && rules.every(({ expression }, index) => expression === before.rules[index]!.expression))
      return { stream, rules, matcher: before.matcher };
    const expressions = rules.map((rule) => rule.expression);
    return { stream, rules, matcher: yield* Matcher.compiling(expressions, this.#context, before?.matcher) };
  }

  #entered(stream: Stream): Group {
    const ready = this.#groups.get(stream.key);
    const group = ready && sameStream(ready.stream, stream) ? ready : atOnce(this.#compiling(stream));
    this.#groups.set(stream.key, group);
    this.#byStream.set(stream, group);
    return group;
  }
}

function sameStream(one: Stream, other: Stream): boolean {
  const facets = ['products', 'categories', 'services'] as const;
  return facets.every((facet) => one[facet].join('\n') === other[facet].join('\n'));
}
