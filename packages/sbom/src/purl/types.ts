/** What a package type demands or changes beyond the general rules (the type definitions of purl-spec). */
export interface PurlType {
  readonly lowerNamespace?: boolean;
  readonly lowerName?: boolean;
  readonly upperNamespace?: boolean;
  readonly lowerVersion?: boolean;
  readonly namespace?: 'required' | 'prohibited';
  readonly name?: RegExp;
  readonly version?: RegExp;
  readonly qualifiers?: readonly string[];
}

const lower: PurlType = { lowerNamespace: true, lowerName: true };
const lowerName: PurlType = { lowerName: true };
const lowerNamespace: PurlType = { lowerNamespace: true };

export const purlTypes: ReadonlyMap<string, PurlType> = new Map([
  ['alpm', lower],
  ['apk', lower],
  ['bitbucket', lower],
  ['bitnami', lowerName],
  ['brew', lower],
  [
    'chrome-extension',
    { ...lowerName, namespace: 'prohibited', name: /^[a-p]{32}$/, version: /^\d+(\.\d+){0,3}$/ },
  ],
  ['composer', lower],
  ['cpan', { upperNamespace: true, name: /^(?!.*::)/ }],
  ['cran', { name: /./, namespace: 'prohibited' }],
  ['deb', lower],
  ['github', lower],
  ['gitlab', lower],
  ['golang', lower],
  ['hex', lower],
  ['huggingface', { lowerVersion: true }],
  ['julia', { qualifiers: ['uuid'], namespace: 'prohibited' }],
  ['luarocks', lowerNamespace],
  ['oci', { ...lowerName, namespace: 'prohibited' }],
  ['otp', { ...lowerName, namespace: 'prohibited' }],
  ['pub', lowerName],
  ['pypi', lowerName],
  ['qpkg', lowerNamespace],
  ['rpm', lowerNamespace],
  ['swift', { namespace: 'required' }],
  ['vcpkg', { namespace: 'prohibited' }],
  ['vscode-extension', { ...lower, namespace: 'required' }],
]);
