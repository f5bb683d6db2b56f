/** Folds case and Vietnamese marks, so that `su co` finds `Sự cố`: people on watch type without marks. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/đ/g, 'd')
    .replace(/Đ/g, 'D')
    .toLowerCase();
}
