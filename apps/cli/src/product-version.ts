import manifest from '../package.json' with { type: 'json' };

/** The product's version: that of the CLI's package. */
export const productVersion: string = manifest.version;
