import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../shared/package-root.ts';
import { cosmosContainers } from '../shared/store/cosmos-containers.ts';

/** What the deployment makes of containers; a test holds it to what the service wants. */
writeFileSync(join(packageRoot, 'bicep/containers.json'), `${JSON.stringify(cosmosContainers, null, 2)}\n`);
