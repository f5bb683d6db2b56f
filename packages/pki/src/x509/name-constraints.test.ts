import { describe, expect, it } from 'vitest';
import { extension } from './extension.ts';
import type { GeneralName, GeneralNameKind } from './general-name.ts';
import { constraintFault, readNameConstraints } from './name-constraints.ts';

const name = (kind: GeneralNameKind, text: string): GeneralName => ({ kind, text, bytes: Buffer.from(text) });
const excluding = (...names: GeneralName[]) =>
  readNameConstraints(extension.nameConstraints([], names).value);
const permitting = (...names: GeneralName[]) =>
  readNameConstraints(extension.nameConstraints(names, []).value);

describe('a constraint on a kind of name', () => {
  it.each([
    ['http://hue.example/a', undefined],
    ['http://evil.example/a', 'excluded'],
    ['http://10.0.0.1/a', 'cannot be held'],
    ['http://[::1]/a', 'cannot be held'],
    ['urn:device:7', 'cannot be held'],
    ['not a uri', 'cannot be held'],
  ])('that is a URI holds its host, and refuses those without: %s', (uri, fault) => {
    const found = constraintFault(excluding(name('uri', 'evil.example')), name('uri', uri));
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
    if (fault === 'cannot be held')
      expect(constraintFault(permitting(name('uri', '.example')), name('uri', uri))).toContain(fault);
  });

  it('that has no order refuses every name of its kind, and none of another', () => {
    const some = name('registeredId', '\u002a\u0003');
    for (const constraints of [excluding(some), permitting(some)]) {
      for (const id of [some, name('registeredId', '\u002a\u0004')])
        expect(constraintFault(constraints, id)).toContain('cannot be held');
      expect(constraintFault(constraints, name('dns', 'cam-1'))).toBeUndefined();
    }
  });
});
