import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './program.ts';

/** Debian's nginx, which answers each request with what it understood: method, decoded path, query, and two parameters. */
export const startNginx = () =>
  startProgram(
    'nginx',
    async ({ folder, port }) => {
      const file = join(folder, 'nginx.conf');
      await writeFile(
        file,
        `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "$request_method\\n$uri\\n$args\\n$arg_q\\n$arg_n"; }
  }
}
`,
      );
      return { command: 'nginx', args: ['-p', folder, '-c', file] };
    },
    async (origin) => (await fetch(`${origin}/ready`)).ok,
  );
