/**
 * Drives of the contents manager that show the server's own files: the default one, and the one that shared editing
 * puts in its place. Any other drive (a bucket, the browser's storage) is not on the server's disk.
 */
const DRIVES_ON_DISK: ReadonlySet<string> = new Set(['', 'RTC']);

/** Whether what a drive shows lies on the disk of the Jupyter server. */
export function isOnDisk(drive: string): boolean {
  return DRIVES_ON_DISK.has(drive);
}

/** The address of the takeout page, below which the server half of the extension answers. */
export function takeoutAddress(baseUrl: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/takeout/`;
}

/**
 * The address of the takeout page for one folder.
 *
 * @param baseUrl - where the Jupyter server is, with or without a final slash
 * @param folder - path below the contents manager's root, with single slashes; empty for the root itself
 */
export function pageAddress(baseUrl: string, folder: string): string {
  const path = folder.replace(/^\/+|\/+$/g, '');
  return `${takeoutAddress(baseUrl)}?path=${escaped(path)}`;
}

/**
 * A path as a query's value. A byte of a name that is not UTF-8 reaches JavaScript as a lone surrogate (PEP 383), at
 * which `encodeURIComponent` throws; it leaves as the byte that it was.
 */
function escaped(path: string): string {
  return Array.from(path, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) {
      return `%${(code - 0xdc00).toString(16).toUpperCase()}`;
    }
    return encodeURIComponent(code >= 0xd800 && code <= 0xdfff ? '\ufffd' : character);
  }).join('');
}
