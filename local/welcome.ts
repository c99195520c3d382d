/** What `npm start` prints: where everything is, and what to click first. */
export function welcome(at: {
  publicOrigin: string;
  dataDir: string;
  relayEndpoint: string;
  demo?:
    { origin: string; adminName: string; adminPassword: string; config: string; console: string } | undefined;
}): string {
  const lines = [
    '',
    'Drawbridge is running on this machine.',
    '',
    `  Portal      ${at.publicOrigin}/`,
    `  Mailbox     ${at.publicOrigin}/.local/mail      every e-mail lands here`,
    `  Relay       ${at.relayEndpoint}`,
    `  Data        ${at.dataDir}`,
  ];
  if (at.demo) {
    lines.push(
      `  Demo system ${at.demo.origin}/      sign in as ${at.demo.adminName} with ${at.demo.adminPassword}`,
      `  Gateway     ${at.demo.console}/      what it does, on this machine only; the same sign-in`,
      '',
      'What to do first:',
      `  1. Open the demo system, sign in, and choose Sharing, then "Connect to the cloud".`,
      `  2. Follow the link it shows. Sign in with any address; the code is in the mailbox.`,
      `  3. Approve. Then open a dashboard, choose "Start sharing", and name a recipient.`,
      `  4. Read the invitation in the mailbox, and open its link in a private window.`,
      '',
      `The same from a shell: npm run gateway -- status --config ${at.demo.config}`,
    );
  }
  return `${lines.join('\n')}\n\nStop with Ctrl-C; everything is kept.\n`;
}
