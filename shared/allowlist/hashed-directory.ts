import { extensionOf, holdsHash } from './hashed-name.ts';
import type { RuleDraft } from './rule-draft.ts';
import { isStaticAsset } from './sample.ts';
import { groupBy } from './volatile-fields.ts';

/** Fewer hashed names than this may be chance; they stay pinned one by one. */
const fewest = 3;

/**
 * Joins static files with content-hashed names into one rule for their directory: the page loads others of
 * them when it is clicked, and all of them when the application is updated.
 */
export function joinHashedDirectories(drafts: readonly RuleDraft[]): RuleDraft[] {
  const directories = groupBy(drafts, (draft) => directoryOf(draft) ?? '');
  return [...directories].flatMap(([directory, members]) => {
    if (directory === '' || members.length < fewest) return members;
    const names = members.flatMap(({ samples }) => samples.map(({ request }) => request.path.at(-1) ?? ''));
    const extensions = [...new Set(names.map(extensionOf))].sort();
    const longest = Math.max(...names.map(({ length }) => length));
    const path = members[0]?.rule.path.slice(0, -1) ?? [];
    return {
      rule: {
        method: 'GET',
        path: [...path, { hashedName: { extensions, max: Math.min(255, longest + 32) } }],
      },
      warnings: [
        {
          slot: `path ${path.length}`,
          text: `any file with a content-hashed name in /${directory.slice(1)} is accepted, not only the ${members.length} seen`,
        },
      ],
      samples: members.flatMap(({ samples }) => samples),
    };
  });
}

/** The directory of a static file whose name holds a content hash; undefined for other rules. */
function directoryOf({ rule, samples }: RuleDraft): string | undefined {
  const [sample] = samples;
  const name = sample?.request.path.at(-1) ?? '';
  if (sample === undefined || rule.query !== undefined || !isStaticAsset(sample.request) || !holdsHash(name))
    return undefined;
  const fixed = rule.path.slice(0, -1);
  if (!fixed.every((segment) => typeof segment === 'string') || typeof rule.path.at(-1) === 'undefined')
    return undefined;
  return `/${fixed.map((segment) => `${segment}/`).join('')}`;
}
