import { join } from 'node:path';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { decideConnect } from '../support/connect-decision.ts';
import { buildGoProgram, makePythonEnvironment, runProgram, type Said } from './oauth-programs.ts';

/** Module and package downloads on a slow line. */
const setUp = 600_000;

/** OAuth clients in other languages, each on its own library, against the one-machine runtime. */
describe('clients in other languages', () => {
  let runtime: Runtime;

  const decide = (decision: 'approve' | 'deny', name: string) => (link: string) =>
    decideConnect(new Person(runtime, `olga@${name}.example`), link, decision, name);
  const named = (said: readonly Said[], event: string) => said.filter((each) => each.event === event);

  beforeAll(async () => {
    runtime = await Runtime.start();
  });

  afterAll(async () => {
    await runtime.stop();
  });

  describe('Go, golang.org/x/oauth2', () => {
    let program: string;

    beforeAll(async () => {
      program = await buildGoProgram();
    }, setUp);

    it('connects by the device grant, and its token source renews by itself, again and again', async () => {
      const said = await runProgram(program, [runtime.origin], decide('approve', 'gopher'));
      expect(named(said, 'connected')).toEqual([
        { event: 'connected', type: 'Bearer', hours: 7 * 24, renewal: true, status: 200 },
      ]);
      const renewed = { event: 'renewed', newToken: true, newKey: true, status: 200 };
      expect(named(said, 'renewed')).toEqual([renewed, renewed, renewed]);
      expect(named(said, 'refused')).toEqual([
        {
          event: 'refused',
          code: 'invalid_grant',
          description: 'The refresh token is not valid.',
          status: 400,
        },
      ]);
    });

    it('reads that the request was denied', async () => {
      const said = await runProgram(program, [runtime.origin, 'denied'], decide('deny', 'denied'));
      expect(named(said, 'refused')).toEqual([
        {
          event: 'refused',
          code: 'access_denied',
          description: 'The request was denied in the portal.',
          status: 400,
        },
      ]);
    });
  });

  describe('Python, Authlib', () => {
    let python: string;

    beforeAll(async () => {
      python = await makePythonEnvironment('python');
    }, setUp);

    it('connects, renews when told to and by itself, and revokes', async () => {
      const program = join(__dirname, 'python/connect.py');
      const said = await runProgram(python, [program, runtime.origin], decide('approve', 'snake'));
      expect(said.slice(1)).toEqual([
        { event: 'connected', type: 'Bearer', seconds: 7 * 24 * 3600, status: 200 },
        { event: 'renewed', newToken: true, newKey: true, status: 200 },
        { event: 'renewed by itself', status: 200, renewals: 1 },
        { event: 'revoked', answer: 200, status: 401 },
        { event: 'revoked again', answer: 200 },
        {
          event: 'refused',
          code: 'invalid_grant',
          description: 'The credentials were revoked: an owner or admin can approve this gateway again.',
        },
      ]);
    });
  });
});
