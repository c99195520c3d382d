import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProgram } from './program.ts';

const version = '2.17.7';
const jar = join(homedir(), `.m2/repository/io/hawt/hawtio-app/${version}/hawtio-app-${version}.jar`);

/** Hawtio from Maven Central: absolute paths, hashed assets, and live values by POST with JSON bodies. */
export async function startHawtio() {
  if (!existsSync(jar)) {
    const artifact = `-Dartifact=io.hawt:hawtio-app:${version}`;
    await promisify(execFile)('mvn', ['-q', '-B', 'dependency:get', artifact, '-Dtransitive=false']);
  }
  return startProgram(
    'hawtio',
    async ({ port }) => ({
      command: 'java',
      args: [
        '-Xmx128m',
        '-Dhawtio.authenticationEnabled=false',
        ...['-jar', jar, '--host', '127.0.0.1', '--port', String(port), '--openUrl', 'false'],
      ],
    }),
    async (origin) => (await fetch(`${origin}/hawtio/jolokia/version`)).ok,
  );
}
