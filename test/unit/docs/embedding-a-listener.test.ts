import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** What stands between `// quote: name` and `// end` in a program, without its common indentation. */
function quoted(program: string, name: string): string {
  const lines = read(program).split('\n');
  const from = lines.findIndex((line) => line.trim() === `// quote: ${name}`);
  const to = lines.findIndex((line, at) => at > from && line.trim() === '// end');
  const indent = lines[from]?.search(/\S/) ?? 0;
  return lines
    .slice(from + 1, to)
    .map((line) => line.slice(indent))
    .join('\n')
    .trim();
}

/** The snippets of the page are those of the programs in test/interop, which are run. */
describe('the page on embedding a listener', () => {
  const page = read('docs/embedding-a-listener.md');
  const blocks = [...page.matchAll(/(?:<!-- (\S+): (\w+) -->\n\n)?```(?:js|java)\n([\s\S]*?)\n```/g)];

  it('quotes programs, and nothing but them', () => {
    expect(blocks.length).toBeGreaterThan(8);
    expect(blocks.filter(([, program]) => program === undefined)).toEqual([]);
  });

  it.each(blocks.map(([, program = '', name = '', code = '']) => [program, name, code]))(
    'quotes %s word for word: %s',
    (program, name, code) => {
      expect(code).toBe(quoted(program, name));
    },
  );
});
