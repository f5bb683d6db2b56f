import type { EventFilter } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';
import { readNetwork } from './network.ts';

export const limits = { depth: 32, terms: 500, text: 4_096, field: 256, values: 2_000 } as const;

/**
 * Checks that a filter makes sense and is of bounded size, before anything is made of it. Filters arrive over HTTP too,
 * so nothing of their type is taken for granted. Throws `query`.
 */
export function checkFilter(filter: EventFilter): void {
  let terms = 0;
  const visit = (node: EventFilter, depth: number): void => {
    if (depth > limits.depth) bad(`a filter may nest at most ${limits.depth} deep`);
    if (++terms > limits.terms) bad(`a filter may have at most ${limits.terms} terms`);
    switch (node?.op) {
      case 'and':
      case 'or':
        if (!Array.isArray(node.filters)) bad(`\`${node.op}\` needs a list of filters`);
        for (const inner of node.filters) visit(inner, depth + 1);
        return;
      case 'not':
        visit(node.filter, depth + 1);
        return;
      case 'text':
        checkText(node.text);
        return;
      case 'exists':
        checkField(node.field);
        return;
      case 'equals':
        checkField(node.field);
        if (typeof node.value === 'string') checkText(node.value);
        else if (typeof node.value !== 'boolean' && !Number.isFinite(node.value))
          bad('a value must be text, a finite number or a boolean');
        return;
      case 'among':
        checkField(node.field);
        if (!Array.isArray(node.values) || node.values.length > limits.values)
          bad(`\`among\` needs a list of at most ${limits.values} texts`);
        for (const value of node.values) checkText(value);
        return;
      case 'wildcard':
        checkField(node.field);
        checkText(node.pattern);
        return;
      case 'cidr':
        checkField(node.field);
        checkText(node.network);
        if (readNetwork(node.network) === undefined)
          bad(`${quote(node.network)} is not a network; write one like 10.0.0.0/8`);
        return;
      case 'range': {
        checkField(node.field);
        const bounds = [node.gt, node.gte, node.lt, node.lte].filter((bound) => bound !== undefined);
        if (bounds.length === 0) bad('a range needs at least one bound');
        for (const bound of bounds) {
          if (typeof bound === 'string') checkText(bound);
          else if (!Number.isFinite(bound)) bad('a bound must be text or a finite number');
        }
        return;
      }
      default:
        bad(`${quote(String((node as { op?: unknown } | undefined)?.op))} is not an operation of a filter`);
    }
  };
  visit(filter, 1);
}

function bad(message: string): never {
  throw new StoreError('query', message);
}

function checkText(text: unknown): void {
  if (typeof text !== 'string') bad('a text to look for must be text');
  if (text.length > limits.text) bad(`a text to look for may have at most ${limits.text} characters`);
  if (!text.isWellFormed()) bad('a text to look for must be well-formed Unicode');
}

function checkField(field: unknown): void {
  if (typeof field !== 'string' || field === '' || field.length > limits.field || !field.isWellFormed()) {
    bad(`a field name must be text of 1 to ${limits.field} characters`);
  }
  if (field.includes('\0')) bad('a field name cannot hold NUL');
}
