import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NotAnExport, readExport, type ReadExport } from '../shared/audit/audit-export.ts';
import { verifyChain, type ChainBreak } from '../shared/audit/verify-chain.ts';

const words: Readonly<Record<ChainBreak, string>> = {
  changed: 'its content is not what was hashed',
  missing: 'entries before it are gone',
  repeated: 'its place was taken already',
  unlinked: 'it was not written after the entry before it',
  foreign: 'it belongs to another organization',
  beginning: 'entries before it are gone, and no entry says that they were pruned',
};

/** Prints what is wrong, and ends with exit code 1. */
function fail(line: string): never {
  process.stdout.write(`BROKEN: ${line}\n`);
  process.exit(1);
}

function read(file: string): ReadExport {
  try {
    return readExport(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof NotAnExport) fail(error.message);
    process.stderr.write(`${file} cannot be read: ${error instanceof Error ? error.message : 'unknown'}\n`);
    process.exit(2);
  }
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { head: { type: 'string' } } });
const [file, ...more] = positionals;
if (file === undefined || more.length > 0) {
  process.stderr.write('npm run audit:verify -- FILE [--head HASH]\n');
  process.exit(2);
}
const { entries } = read(file);
const verdict = verifyChain(entries);
if (!verdict.sound) fail(`the link to entry ${verdict.sequence}: ${words[verdict.reason]}.`);
if (values.head !== undefined && values.head !== verdict.headHash)
  fail(
    `the last entry has the hash ${verdict.headHash}, not the one given: the end was cut off or replaced.`,
  );
process.stdout.write(
  `Sound: ${verdict.entries} entries, from number ${verdict.first} on. Head: ${verdict.headHash}\n` +
    (values.head === undefined
      ? 'That nothing was cut off at the end shows only with --head and a head noted earlier or elsewhere.\n'
      : ''),
);
