import type { EntityRef, EntityType, Event, FieldValue } from '@kydai/contracts';
import type { EntityField } from '../rules/rule.ts';
import { readSource, textsOfValue } from './values.ts';

/**
 * The fields whose values become a detection's entities, unless its rule has `kydai.entities`. Names of Windows events
 * stand beside those of ECS.
 */
export const defaultEntityFields: readonly EntityField[] = [
  { field: 'device.id', type: 'device' },
  { field: 'user.name', type: 'user' },
  { field: 'host.name', type: 'host' },
  { field: 'source.ip', type: 'address' },
  { field: 'User', type: 'user' },
  { field: 'Computer', type: 'host' },
  { field: 'IpAddress', type: 'address' },
];

const maxEntities = 50;

/** Gathers references without repeating one; the first fifty stay. */
export class EntityList {
  readonly #found: EntityRef[] = [];

  add(type: EntityType, value: FieldValue | undefined): void {
    if (value === undefined) return;
    if (typeof value === 'string') this.#addText(type, value);
    else for (const text of textsOfValue(value)) this.#addText(type, text);
  }

  #addText(type: EntityType, text: string): void {
    // `-` is what many logs write for "nobody".
    if (text === '' || text === '-' || text.length > 256 || this.#found.length >= maxEntities) return;
    for (const known of this.#found) if (known.id === text && known.type === type) return;
    this.#found.push({ type, id: text });
  }

  addFields(event: Event, fields: readonly EntityField[]): void {
    for (const { field, type } of fields) this.add(type, readSource(event, field));
  }

  toArray(): readonly EntityRef[] {
    return this.#found;
  }
}
