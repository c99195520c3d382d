import fc from 'fast-check';
import { TextTable } from '../../../shared/allowlist/text-table.ts';

const text = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('', '\u00ff', '\u0100', 'a'.repeat(300)));
const texts = fc.tuple(text, text);

it('finds each entry, the first of equal ones, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(texts), texts, (entries, other) => {
      const table = new TextTable(entries);
      const keys = entries.map((entry) => JSON.stringify(entry));
      for (const entry of [...entries, other]) {
        expect(table.find(entry)).toBe(keys.indexOf(JSON.stringify(entry)));
      }
    }),
  );
});

it('tells texts of one list apart from those of another cut', () => {
  const table = new TextTable([
    ['ab', 'c'],
    ['', 'abc'],
  ]);
  expect(table.find(['a', 'bc'])).toBe(-1);
  expect(table.find(['abc', ''])).toBe(-1);
  expect(table.find(['', 'abc'])).toBe(1);
});

it('tells a longer text from one whose length ends in the same two bytes', () => {
  const table = new TextTable([['x'], ['y'.repeat(65_535)]]);
  expect(table.find(['x'.repeat(65_537)])).toBe(-1);
  expect(table.find(['y'.repeat(65_535)])).toBe(1);
  expect(() => new TextTable([['x'.repeat(65_536)]])).toThrow(RangeError);
});
