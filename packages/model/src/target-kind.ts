/** What can be scanned. Apart from the schemas: whoever only reads a target's name needs none of them. */
export const targetKinds = ['docker', 'archive', 'oci', 'registry', 'dir', 'sbom'] as const;
