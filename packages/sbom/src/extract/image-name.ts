/** Whether a file by its name is an archive of a container image or a root file system. */
export function isImageName(path: string): boolean {
  return !/\.spdx\.tar\./i.test(path) && /\.(tar|tar\.gz|tgz|tar\.zst|oci)$/i.test(path);
}
