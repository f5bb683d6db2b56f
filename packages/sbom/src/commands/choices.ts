/** Forms of the gate's report. */
export const gateFormats = ['table', 'json', 'markdown', 'sarif', 'junit', 'html', 'vdr'] as const;
export type GateFormat = (typeof gateFormats)[number];

/** Forms of an SBOM that is made. */
export const generateFormats = ['cyclonedx', 'cyclonedx-1.7', 'spdx'] as const;
export type GenerateFormat = (typeof generateFormats)[number];

/** OSV's own bucket: a folder for each ecosystem, with all its records in one archive. */
export const osvMirror = 'https://storage.googleapis.com/osv-vulnerabilities';
