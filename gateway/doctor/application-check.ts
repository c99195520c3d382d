import { second } from '../../shared/clock.ts';
import { createUpstream } from '../forward/upstream.ts';
import { wordsOf } from '../gateway-error.ts';
import type { Gateway } from '../gateway.ts';
import { networkWords } from '../network-words.ts';
import { Fault } from './finding.ts';
import { authorityOf, isSecure, openTcp, openTls, patience } from './way.ts';

/** Whatever it answers will do: the application need not let everybody in. @throws Fault */
export async function checkApplication({ configuration, outward }: Gateway): Promise<string> {
  const { upstream: url } = configuration;
  const destination = { url, writtenIn: '`upstream`' };
  // It stands on this side of every proxy.
  const socket = await openTcp(destination, outward);
  try {
    if (isSecure(url)) (await openTls(socket, destination, outward.ca)).destroy();
  } finally {
    socket.destroy();
  }
  const upstream = createUpstream(url, outward.ca);
  try {
    const signal = AbortSignal.timeout(patience);
    const answer = await upstream.call({ method: 'GET', target: '/', headers: {}, signal });
    answer.destroy();
    return `${authorityOf(url)} answers`;
  } catch (error) {
    const silent = /abort/i.test(wordsOf(error));
    const why = silent
      ? `takes requests and does not answer within ${patience / second} s`
      : networkWords(error);
    throw new Fault(
      `${authorityOf(url)}: ${why}`,
      silent ? 'look after the application' : 'correct `upstream`: is it http or https, and the right port?',
      { cause: error },
    );
  } finally {
    upstream.close();
  }
}
