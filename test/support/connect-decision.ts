import type { Answer, Person } from '../../local/rehearsal/person.ts';

/** What someone who approves a gateway calls the organization and the system. */
export const namesOf = (name: string) => ({
  organizationName: `${name} Ltd`,
  organizationSlug: name,
  systemName: `Monitoring ${name}`,
  systemSlug: name,
});

/** Follows a verification link as a person does, signs in where asked to, and decides. */
export async function decideConnect(
  person: Person,
  link: string,
  decision: 'approve' | 'deny',
  name: string,
): Promise<Answer> {
  let page = await person.open(link);
  if (page.text.includes('name="email"')) page = await person.finishSignIn(page);
  const done = await person.submit(page, '/connect/decide', {
    organization: 'new',
    ...namesOf(name),
    terms: 'accepted',
    decision,
  });
  if (done.status !== 200) throw new Error(`Not decided: ${done.status}\n${done.text.slice(0, 4000)}`);
  return done;
}
