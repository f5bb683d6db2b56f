import { type Extractor, fileName } from './extraction.ts';

/** `metadata.txt` of a QGIS plugin, and the plugins that it names. Another file of that name says nothing. */
export const qgis: Extractor = {
  name: 'qgis-plugin',
  matches: (path) => fileName(path) === 'metadata.txt',
  extract(file) {
    const text = file.text();
    const value = (key: string) =>
      new RegExp(`^${key}[ \\t]*=[ \\t]*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
    const name = value('name');
    const version = value('version');
    if (!/^\[general\]/m.test(text) || value('qgisMinimumVersion') === '' || name === '')
      return { packages: [], dependsOn: new Map() };
    const plugin = (each: string, pinned: string) => ({
      ref: each,
      name: each,
      ...(pinned === '' ? {} : { version: pinned }),
      purl: { type: 'generic', namespace: 'qgis', name: each, ...(pinned === '' ? {} : { version: pinned }) },
    });
    const needs = value('plugin_dependencies')
      .split(',')
      .flatMap((each) => {
        const [, needed = '', pinned = ''] = /^\s*([^=<>]+?)\s*(?:==\s*(\S+))?\s*$/.exec(each) ?? [];
        return needed === '' ? [] : [plugin(needed, pinned)];
      });
    return {
      packages: [plugin(name, version), ...needs],
      dependsOn: new Map([
        ['', [name]],
        [name, needs.map((each) => each.ref)],
      ]),
    };
  },
};
