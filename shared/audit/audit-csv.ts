/**
 * One row of CSV (RFC 4180). No cell is a formula to a spreadsheet: what begins like one gets an apostrophe before
 * it (OWASP, CSV injection). So does what begins with an apostrophe, and the empty text, which is not the same as
 * nothing: reading gives exactly what was written.
 */
export function csvRow(cells: readonly (string | undefined)[]): string {
  return `${cells.map((cell) => quoted(inert(cell))).join(',')}\r\n`;
}

// Full-width forms count too: some spreadsheets take them for the plain ones.
const begunLikeFormula = /^[=+\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]/;

const inert = (cell: string | undefined): string => {
  if (cell === undefined) return '';
  return cell === '' || begunLikeFormula.test(cell) ? `'${cell}` : cell;
};

const quoted = (text: string): string =>
  /[",\r\n;]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const cellOf = (text: string): string | undefined => {
  if (text === '') return undefined;
  return text.startsWith("'") ? text.slice(1) : text;
};

/** The rows of a whole file. What follows a quoted cell up to the next comma is not lost, so that it shows. */
export function readCsv(text: string): (string | undefined)[][] {
  const rows: (string | undefined)[][] = [];
  let row: (string | undefined)[] = [];
  const cells = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/gy;
  while (cells.lastIndex < text.length) {
    const match = cells.exec(text);
    if (match === null) return [...rows, [...row, undefined]];
    const [, raw = '', end = ''] = match;
    row.push(cellOf(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
