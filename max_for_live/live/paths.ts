/** Paths as Max writes them, and as everything else does. */

/** "Macintosh HD:/Music/x" is "/Music/x"; a drive's letter stays. */
export function systemPath(path: string): string {
  const volume = /^([^:/]{2,}):(\/.*)$/.exec(path);
  return volume?.[2] ?? path;
}

/** The folder of a file, with its slash; "" when the path has none. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
