import * as SPDX from '@cyclonedx/cyclonedx-library/SPDX';

/** A CycloneDX licence choice: one SPDX expression alone, or a list of ids and names. */
export type LicenseChoice =
  | { readonly expression: string; readonly acknowledgement: 'declared' }
  | {
      readonly license: ({ readonly id: string } | { readonly name: string }) & {
        readonly acknowledgement: 'declared';
      };
    };

/** What a manifest declares, as CycloneDX wants it: a known SPDX id, an expression of such ids, or else a name. */
export function licenseChoices(declared: readonly string[]): readonly LicenseChoice[] {
  const acknowledgement = 'declared';
  const texts = [...new Set(declared.map((text) => text.trim().slice(0, 500)).filter((text) => text !== ''))];
  if (texts.length === 1 && isExpression(texts[0]!)) return [{ expression: texts[0]!, acknowledgement }];
  return texts.map((text) => {
    const id = SPDX.isSupportedSpdxId(text) ? text : SPDX.fixupSpdxId(text);
    return { license: id === undefined ? { name: text, acknowledgement } : { id, acknowledgement } };
  });
}

/** `(MIT OR Apache-2.0)`, `GPL-2.0-only WITH Classpath-exception-2.0`: words that are known, joined by operators. */
function isExpression(text: string): boolean {
  const tokens = text.match(/\(|\)|[^\s()]+/g) ?? [];
  if (tokens.length < 3) return false;
  let depth = 0;
  let wantsTerm = true;
  let afterWith = false;
  for (const token of tokens) {
    if (token === '(') {
      if (!wantsTerm || afterWith) return false;
      depth += 1;
    } else if (token === ')') {
      depth -= 1;
      if (wantsTerm || depth < 0) return false;
    } else if (wantsTerm) {
      if (!afterWith && !isLicenseTerm(token)) return false;
      wantsTerm = false;
      afterWith = false;
    } else {
      if (!['AND', 'OR', 'WITH'].includes(token)) return false;
      wantsTerm = true;
      afterWith = token === 'WITH';
    }
  }
  return depth === 0 && !wantsTerm;
}

function isLicenseTerm(token: string): boolean {
  const plain = token.endsWith('+') ? token.slice(0, -1) : token;
  return SPDX.isSupportedSpdxId(plain) || /^(DocumentRef-[\w.-]+:)?LicenseRef-[\w.-]+$/.test(plain);
}
