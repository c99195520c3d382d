import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../gateway-error.ts';
import { Fault } from './finding.ts';

/** May this user keep credentials there? Nothing is written. @throws Fault */
export async function checkStateFolder(folder: string): Promise<string> {
  const there = await nearest(folder, folder);
  try {
    await access(there, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Fault(`${there} cannot be written: ${systemCodeOf(error) ?? ''}`, remedy, { cause: error });
  }
  return there === folder ? `${folder} can be written` : `${folder} can be made`;
}

const remedy = 'give `stateDir` to the user who runs the gateway, or name another folder';

async function nearest(folder: string, wanted: string): Promise<string> {
  try {
    if ((await stat(folder)).isDirectory()) return folder;
  } catch (error) {
    const code = systemCodeOf(error) ?? '';
    if (code === 'ENOENT' && dirname(folder) !== folder) return nearest(dirname(folder), wanted);
    throw new Fault(`${wanted} cannot be used: ${code}`, remedy, { cause: error });
  }
  throw new Fault(`${wanted} cannot be used: ${folder} is no folder`, remedy);
}
