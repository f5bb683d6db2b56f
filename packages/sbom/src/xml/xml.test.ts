import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SbomError } from '../error.ts';
import { parseAnyBom, readBom } from '../model/validate.ts';
import { parseXml } from './tree.ts';

const bom = (body: string, version = '1.6') =>
  `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/${version}" version="1">${body}</bom>`;

describe('CycloneDX XML', () => {
  it('becomes the document that JSON would have been', async () => {
    const document = await readBom(
      bom(
        '<metadata><component type="application" bom-ref="app"><name>portal</name></component></metadata>' +
          '<components><component type="library" bom-ref="a"><name>a</name><version>1.10</version>' +
          '<hashes><hash alg="MD5">3942447fac867ae5cdb3229b658f4d48</hash></hashes>' +
          '<licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/a@1.10</purl></component></components>' +
          '<dependencies><dependency ref="app"><dependency ref="a"/></dependency></dependencies>',
      ),
    );
    expect(document).toEqual({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: { type: 'application', 'bom-ref': 'app', name: 'portal' } },
      components: [
        {
          type: 'library',
          'bom-ref': 'a',
          name: 'a',
          version: '1.10',
          hashes: [{ alg: 'MD5', content: '3942447fac867ae5cdb3229b658f4d48' }],
          licenses: [{ license: { id: 'MIT' } }],
          purl: 'pkg:npm/a@1.10',
        },
      ],
      dependencies: [{ ref: 'app', dependsOn: ['a'] }],
    });
  });

  it.each([
    [
      'an entity bomb',
      '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><bom>&b;</bom>',
      /line 1: .*document type/,
    ],
    ['a file from elsewhere', '<!DOCTYPE b SYSTEM "file:///etc/passwd"><bom/>', /document type/],
    ['an unknown entity', bom('<components>&nbsp;</components>'), /line 1/],
    ['an open element', bom('<components>').slice(0, -6), /line/],
    ['another namespace', '<bom xmlns="http://example.com"/>', /line 1: `bom`/],
    ['another version', bom('', '9.9'), /9\.9/],
    ['an unknown element', bom('<surprise/>'), /`surprise` is not known/],
    ['one field twice', bom('<metadata/>\n<metadata/>'), /line 2: `metadata` stands here twice/],
    [
      'one reference twice',
      bom(
        '<components><component type="library" bom-ref="a"><name>a</name></component><component type="library" bom-ref="a"><name>b</name></component></components>',
      ),
      /`a` is there twice/,
    ],
    [
      'nesting beyond reason',
      bom('<components><component type="library"><name>x</name>'.repeat(5000)),
      /nests too deeply/,
    ],
  ])('with %s is refused with the line', async (_what, text, message) => {
    await expect(parseAnyBom(text)).rejects.toMatchObject({
      code: 'invalid-bom',
      message: expect.stringMatching(message),
    });
  });

  it('never throws anything but an error on purpose', async () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<a/>',
      '<?x ?>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&lt;',
      '&',
      '"',
      'text',
      ' xmlns="u"',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (parts) => {
        try {
          parseXml(parts.join(''), 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(SbomError);
        }
      }),
    );
  });
});
