// A process of its own that holds a lock: `node lock-holder.ts FOLDER NAME` says `held`, and holds until it ends.
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { systemTimer } from '../../../gateway/timer.ts';

const [folder = '', name = ''] = process.argv.slice(2);
if (name !== 'credentials' && name !== 'run') throw new Error(`no lock ${name}`);
const held = await folderLocks(folder, systemTimer).tryHold(name);
process.stdout.write(held === undefined ? 'busy\n' : 'held\n');
process.stdin.resume();
process.stdin.once('end', () => {
  held?.release();
  process.exit(0);
});
