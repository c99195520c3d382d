import type { CharacterClass } from './slot.ts';

/** From narrow to wide; inference takes the first that holds every value seen. */
export const characterPatterns: Readonly<Record<CharacterClass, RegExp>> = {
  digits: /^[0-9]*$/,
  hex: /^[0-9A-Fa-f]*$/,
  letters: /^[A-Za-z]*$/,
  alphanumeric: /^[0-9A-Za-z]*$/,
  word: /^[0-9A-Za-z_-]*$/,
  token: /^[0-9A-Za-z_.~:+/=-]*$/,
  ascii: /^[\x20-\x7e]*$/,
  // No controls, no unassigned or private characters, no invisible formatting but the joiners.
  text: /^(?:[^\p{C}\p{Zl}\p{Zp}]|\u200c|\u200d)*$/u,
  lines: /^(?:[^\p{C}\p{Zl}\p{Zp}]|[\t\r\n\u200c\u200d])*$/u,
};

export const characterWords: Readonly<Record<CharacterClass, string>> = {
  digits: 'digits',
  hex: 'hexadecimal digits',
  letters: 'letters A to Z',
  alphanumeric: 'letters and digits',
  word: 'letters, digits, _ and -',
  token: 'letters, digits and _ - . ~ : + / =',
  ascii: 'printable ASCII characters',
  text: 'any characters of one line',
  lines: 'any characters, also over several lines',
};
