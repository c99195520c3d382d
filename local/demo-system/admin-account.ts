import { join } from 'node:path';
import type { Random } from '../../shared/clock.ts';
import { readIfThere, replaceFile } from './atomic-file.ts';
import { hashPassword, newPassword, passwordMatches } from './passwords.ts';
import type { UserStore } from './user-store.ts';

export const ADMIN_NAME = 'admin';
const PASSWORD_FILE = 'admin-password.txt';

/**
 * Makes sure that the first admin exists and has the password in `admin-password.txt`, which is made
 * when missing. Who lost the password deletes the file, starts again, and reads the new one.
 * @returns the password
 */
export async function ensureAdmin(users: UserStore, dataDir: string, random: Random): Promise<string> {
  const path = join(dataDir, PASSWORD_FILE);
  const kept = (await readIfThere(path))?.trim();
  const password = kept || newPassword(random);
  // The file comes first: a crash between the two writes is put right at the next start.
  if (!kept) await replaceFile(path, `${password}\n`);
  const admin = users.find(ADMIN_NAME);
  if (!admin) {
    await users.add({
      name: ADMIN_NAME,
      role: 'admin',
      elementIds: [],
      dashboardIds: [],
      password: await hashPassword(password, random),
    });
  } else if (!(await passwordMatches(password, admin.password))) {
    await users.setPassword(ADMIN_NAME, await hashPassword(password, random));
  }
  return password;
}
