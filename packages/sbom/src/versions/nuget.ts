import {
  compareDigits,
  compareText,
  isDigits,
  type Order,
  remembering,
  type VersionScheme,
} from './compare.ts';
import { comparePrerelease } from './semver.ts';

/** NuGet: semantic versions with a fourth number (revision), compared without regard to case; build text is ignored. */
export const nuget: VersionScheme = {
  name: 'nuget',
  compare: compareNuget,
  valid: (version) => /^v?\d+(\.\d+){0,3}(-[0-9a-z.-]+)?(\+.*)?$/i.test(version),
};

export function compareNuget(a: string, b: string): Order {
  const left = parse(a);
  const right = parse(b);
  const length = Math.max(left.core.length, right.core.length);
  for (let i = 0; i < length; i += 1) {
    const x = left.core[i] ?? '0';
    const y = right.core[i] ?? '0';
    const order = isDigits(x) && isDigits(y) ? compareDigits(x, y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return comparePrerelease(left.pre, right.pre);
}

const parse = remembering((version): { core: readonly string[]; pre: readonly string[] } => {
  const text = (version.trim().toLowerCase().split('+')[0] ?? '').replace(/^v/, '');
  const dash = text.indexOf('-');
  return {
    core: (dash < 0 ? text : text.slice(0, dash)).split('.'),
    pre: dash < 0 ? [] : text.slice(dash + 1).split('.'),
  };
});
