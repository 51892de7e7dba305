/** A node's own file system is found by its node: the list of nodes would otherwise read every image for each. */
export const text = `
create index images_host on images (node, scan_at desc nulls last) where kind = 'host';
`;
