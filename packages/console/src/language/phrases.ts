import type { Phrase } from '@kydai/contracts';
import { beginsWithValue, isKey, type Language, translateData, translator } from './translate.ts';
import { visible } from './visible.ts';

/** These lead to what follows them: `Failed after 4 attempts: no answer in time`. */
const leading = new Set(['outcome.attempt', 'outcome.gave-up', 'outcome.no-effect']);

/**
 * What the server says by codes, as one sentence in the reader's language. `line` is the same in the server's own words:
 * it stands where there are no phrases (what was kept by an older version) or one of them has no words here.
 */
export function say(
  phrases: readonly Phrase[] | undefined,
  line: string | undefined,
  language: Language,
): string | undefined {
  if (phrases === undefined || phrases.length === 0) return line && visible(line);
  let text = '';
  for (const [index, phrase] of phrases.entries()) {
    const said = sayPhrase(phrase, language);
    if (said === undefined) return line && visible(line);
    const before = phrases[index - 1];
    text += (before === undefined ? '' : leading.has(before.code) ? ': ' : '; ') + said;
  }
  return sentence(phrases[0]!, text, language);
}

/** Each phrase as a sentence of its own; the plain lines where one of them has no words here. */
export function sayEach(
  phrases: readonly Phrase[] | undefined,
  lines: readonly string[],
  language: Language,
): readonly string[] {
  const said = (phrases ?? []).map((phrase) => {
    const text = sayPhrase(phrase, language);
    return text && sentence(phrase, text, language);
  });
  return said.length > 0 && said.every((one) => one !== undefined) ? said : lines;
}

/** With a capital, unless it begins with a name, which keeps its case. */
function sentence({ code }: Phrase, text: string, language: Language): string {
  return beginsWithValue(keyOf(code), language) ? text : capital(text);
}

function sayPhrase({ code, values }: Phrase, language: Language): string | undefined {
  if (code === 'reason.policy') {
    const { vi, en } = values;
    const own = language === 'vi' ? (vi ?? en) : (en ?? vi);
    if (own !== undefined) return own;
  }
  const t = translator(language);
  const filled = { ...values };
  const type = `entity.${values['type']}`;
  if (isKey(type)) filled['type'] = t(type as 'entity.user').toLowerCase();
  const audience = `audience.${values['audience']}`;
  if (isKey(audience)) filled['audience'] = t(audience as 'audience.soc');
  return translateData(keyOf(code), filled, language);
}

/** Only these families of words are the server's to choose from. */
function keyOf(code: string): string {
  const dot = code.indexOf('.');
  const name = code.slice(dot + 1);
  switch (code.slice(0, dot)) {
    case 'outcome':
      return `outcome.${name}`;
    case 'evidence':
      return `evidence.${name}`;
    case 'reason':
      return `reason.${name}`;
    case 'contain':
      return `contain.${name}`;
    default:
      return '';
  }
}

/** The reason of a policy in the reader's language, else in the other. */
export function reasonOf(
  policy: { readonly reason?: string | undefined; readonly reasonEn?: string | undefined },
  language: Language,
): string | undefined {
  return language === 'vi' ? (policy.reason ?? policy.reasonEn) : (policy.reasonEn ?? policy.reason);
}

export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase('vi') + text.slice(1);
}
