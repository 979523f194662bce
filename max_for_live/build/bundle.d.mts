export const NODE_BUNDLE: string;

/** Writes the Node half into the folder, and returns the file's path. */
export function bundleNode(outdir?: string): Promise<string>;
