import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const root = resolve(__dirname, '../../..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What a file imports: packages by name, files by their path from the root. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"]([^'"]+)['"]/g)];
  return found.flatMap(([, specifier]) => {
    if (specifier === undefined) return [];
    return specifier.startsWith('.') ? [relative(root, resolve(dirname(file), specifier))] : [specifier];
  });
}

/** Folder -> which of our own folders it may import, and packages it may not. */
const rules = [
  { folder: 'shared', mayImport: ['shared'], notPackages: ['@azure/functions', '@azure/functions-core'] },
  { folder: 'functions', mayImport: ['functions', 'shared'], notPackages: [] },
  {
    folder: 'gateway',
    mayImport: ['gateway', 'shared'],
    notPackages: ['@azure/functions', '@azure/functions-core'],
  },
  { folder: 'local', mayImport: ['local', 'functions', 'shared', 'gateway'], notPackages: [] },
];

describe('dependencies point one way (DESIGN.md section 2)', () => {
  it.each(rules)('$folder imports only $mayImport', ({ folder, mayImport, notPackages }) => {
    const files = sources(folder);
    expect(files.length).toBeGreaterThan(5);
    const wrong = files.flatMap((file) =>
      imports(file)
        .filter((imported) => {
          const own = ['shared', 'functions', 'gateway', 'local', 'test'].find((each) =>
            imported.startsWith(each + sep),
          );
          return own === undefined ? notPackages.includes(imported) : !mayImport.includes(own);
        })
        .map((imported) => `${relative(root, file)} -> ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has one function a file, registered under the file name', () => {
    const files = readdirSync(join(root, 'functions')).filter((name) => name.endsWith('.ts'));
    for (const name of files) {
      const registered = [
        ...readFileSync(join(root, 'functions', name), 'utf8').matchAll(/^(?:http|timer)\('([^']+)'/gm),
      ];
      expect([name, ...registered.map((match) => match[1])]).toEqual([name, name.replace('.ts', '')]);
    }
  });
});
