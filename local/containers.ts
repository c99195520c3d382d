import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../shared/package-root.ts';
import { metaContainer } from '../shared/store/cosmos-containers.ts';
import { containerNames, containers } from '../shared/store/document-store.ts';

/** What the deployment makes of containers; a test holds it to what the service wants. */
const list = [
  ...containerNames.map((name) => ({ name, fields: containers[name] })),
  { name: metaContainer, fields: [] },
];

writeFileSync(join(packageRoot, 'bicep/containers.json'), `${JSON.stringify(list, null, 2)}\n`);
