import { listenAddress } from '../../shared/tunnel/hybrid-connection-address.ts';
import { HandshakeError, openSocket } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import type { Gateway } from '../gateway.ts';
import { networkWords } from '../network-words.ts';
import { outwardAgents } from '../outward-agents.ts';
import type { ListenerAddress } from '../service-client.ts';
import { Fault } from './finding.ts';
import { patience } from './way.ts';

/**
 * Opens the WebSocket that the tunnel needs, and closes it at once. Only while this gateway holds no tunnel: a viewer's
 * request that comes in between finds nobody, as it would have without this.
 *
 * @throws Fault
 */
export async function checkWebSocket(
  { outward, random }: Pick<Gateway, 'outward' | 'random'>,
  { endpoint, path, token }: ListenerAddress,
): Promise<string> {
  const { host } = new URL(endpoint);
  const agents = outwardAgents(outward);
  try {
    const socket = await openSocket({
      address: listenAddress(endpoint, path),
      headers: { ServiceBusAuthorization: token },
      random,
      within: patience,
      agent: endpoint.startsWith('wss:') ? agents.https : agents.http,
      handlers: { text: () => {}, closed: () => {} },
    });
    socket.close(1000, 'It works');
    return `${host} lets this gateway listen`;
  } catch (error) {
    throw faultOf(host, error);
  } finally {
    agents.http.destroy();
    agents.https.destroy();
  }
}

function faultOf(host: string, error: unknown): Fault {
  const options = { cause: error };
  const status = error instanceof HandshakeError ? error.status : undefined;
  const allow = `something between here and ${host} takes it away: it must let WebSockets pass`;
  if (status === undefined) {
    const words = networkWords(error instanceof HandshakeError ? (error.cause ?? error) : error);
    return new Fault(`the WebSocket to ${host} does not open: ${words}`, allow, options);
  }
  if (status === 401 || status === 403) {
    const operator = "tell the service's operator: its relay and its keys do not fit";
    return new Fault(`${host} refuses this gateway's token (${status})`, operator, options);
  }
  if (status >= 500) {
    return new Fault(
      `${host} cannot take the tunnel now (${status})`,
      "tell the service's operator",
      options,
    );
  }
  const unknown = status === 404 ? `, or ${host} does not know this system` : '';
  return new Fault(`the WebSocket upgrade was answered with ${status}`, `${allow}${unknown}`, options);
}
