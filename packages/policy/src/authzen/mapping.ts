import { createHash } from 'node:crypto';
import type { AccessRequest, CedarUid, CedarValue } from '@kydai/contracts';
import { isTypeName } from '../entities/convert.ts';
import type { EntityStore } from '../entities/store.ts';
import { cedarFacts, type EvaluationBody } from './request.ts';

/** How AuthZEN's names become Cedar's. Whatever is not named is matched by spelling. */
export interface AuthZenMapping {
  /** AuthZEN type to Cedar type: `{ camera: 'Device' }`. Without an entry, `user` and `User` are `User`. */
  readonly types?: Readonly<Record<string, string>>;
  /** AuthZEN action name to the id of a Cedar action. */
  readonly actions?: Readonly<Record<string, string>>;
  /**
   * Pass the caller's `properties` to policies as `context.asserted.{subject,action,resource}`. They are claims of the
   * caller and never become attributes of an entity. False unless told.
   */
  readonly assertedProperties?: boolean;
}

/** Reads AuthZEN requests as access requests. */
export class Mapper {
  readonly #types: ReadonlyMap<string, string>;
  readonly #actions: ReadonlyMap<string, string>;
  readonly #asserted: boolean;
  readonly #entities: EntityStore;

  constructor(mapping: AuthZenMapping, entities: EntityStore) {
    this.#types = new Map(Object.entries(mapping.types ?? {}));
    this.#actions = new Map(Object.entries(mapping.actions ?? {}));
    this.#asserted = mapping.assertedProperties ?? false;
    this.#entities = entities;
  }

  type(type: string): string {
    const configured = this.#types.get(type);
    if (configured !== undefined) return configured;
    if (this.#entities.types.has(type)) return type;
    const cased = pascalCase(type);
    return isTypeName(cased) ? cased : unmapped(type);
  }

  action(name: string): string {
    return this.#actions.get(name) ?? name;
  }

  /** The AuthZEN names of a Cedar action. */
  actionNames(id: string): string[] {
    const configured = [...this.#actions].filter(([, action]) => action === id).map(([name]) => name);
    return configured.length > 0 ? configured : [id];
  }

  uid({ type, id }: { readonly type: string; readonly id: string }): CedarUid {
    return { type: this.type(type), id };
  }

  request(body: EvaluationBody): AccessRequest {
    const context = this.context(body);
    return {
      principal: this.uid(body.subject),
      action: this.action(body.action.name),
      resource: this.uid(body.resource),
      ...(context && { context }),
    };
  }

  context(body: {
    readonly subject?: { readonly properties?: Readonly<Record<string, unknown>> | undefined } | undefined;
    readonly action?: { readonly properties?: Readonly<Record<string, unknown>> | undefined } | undefined;
    readonly resource?: { readonly properties?: Readonly<Record<string, unknown>> | undefined } | undefined;
    readonly context?: Readonly<Record<string, unknown>> | undefined;
  }): Record<string, CedarValue> | undefined {
    const context = body.context && cedarFacts(body.context, 'context');
    if (!this.#asserted) return context;
    const properties = (part: 'subject' | 'action' | 'resource') =>
      cedarFacts(body[part]?.properties ?? {}, `${part}.properties`);
    // Last, so that a caller's own `asserted` cannot pretend to be this one.
    return {
      ...context,
      asserted: {
        subject: properties('subject'),
        action: properties('action'),
        resource: properties('resource'),
      },
    };
  }
}

/** A type that no entity can have, another for each text: such a subject or resource is a stranger, not an error. */
function unmapped(type: string): string {
  return `Unmapped_${createHash('sha256').update(type).digest('hex').slice(0, 32)}`;
}

/** `user` and `camera-stream` as `User` and `CameraStream`. */
function pascalCase(type: string): string {
  return type.replace(/(?:^|[-_. ]+)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
