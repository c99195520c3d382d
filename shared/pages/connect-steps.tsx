import { portalPaths } from './portal-paths.ts';

/** How the first system gets here. */
export const ConnectSteps = ({ command }: { command: string }) => (
  <ol class="steps">
    <li>
      <p>
        On a computer in your own network that can open your system, start the gateway. It only makes outgoing
        connections, so no port is opened.
      </p>
      <code class="command">{command}</code>
    </li>
    <li>
      <p>The gateway shows a code of eight letters. Nothing was sent before that.</p>
    </li>
    <li>
      <p>
        <a href={portalPaths.connect}>Enter the code here</a>, see which system asks and from where, and
        approve it.
      </p>
    </li>
  </ol>
);
