/** Text as people in a hurry type it: small letters, without the marks of Vietnamese. */
export function plainLetters(text: string): string {
  return text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd');
}
