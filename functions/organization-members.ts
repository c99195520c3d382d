import { z } from 'zod';
import { emailAddressSchema, parseEmailAddress, type EmailAddress } from '../shared/email/email-address.ts';
import { roles, type Role } from '../shared/organizations/organization.ts';
import { ConfirmPage } from '../shared/pages/confirm-page.tsx';
import { portalPaths } from '../shared/pages/portal-paths.ts';
import { Problem } from '../shared/problem.ts';
import { portalPage, readOwnForm, signedInVisitor, signInFirst } from './trigger/browser.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { formOperation } from './trigger/operation.ts';
import { organizationFor, orShowErrors } from './trigger/organization-view.ts';
import { portalErrors } from './trigger/portal-errors.ts';
import { seeOther } from './trigger/responses.ts';

function fieldProblem(field: string, detail: string): Problem {
  return new Problem('invalid-request', detail, { errors: [{ field, detail }] });
}

function addressFrom(fields: Record<string, string>): EmailAddress {
  const address = parseEmailAddress((fields.email ?? '').slice(0, 300));
  if (address === undefined) throw fieldProblem('email', 'This is not an e-mail address.');
  return address;
}

function roleFrom(fields: Record<string, string>): Role {
  const role = roles.find((each) => each === fields.role);
  if (role === undefined) throw fieldProblem('role', 'Choose a role.');
  return role;
}

/** An e-mail that did not leave is the owner's business at once. */
function requireSent(sent: boolean): void {
  if (sent) return;
  const detail = 'The invitation is noted, but its e-mail could not be sent. Try “Send again” in a while.';
  throw new Problem('unavailable', detail, { errors: [{ field: '', detail }] });
}

/** Owners invite, change and remove members. */
export const organizationMembers: Handler = async (services, request) => {
  const visitor = await signedInVisitor(services, request);
  if (!visitor) return signInFirst(request);
  const fields = await readOwnForm(services, request);
  const { session, csrf } = visitor;
  const { organization, role } = await organizationFor(services, visitor, request);
  if (role !== 'owner') throw new Problem('forbidden', 'Only owners manage members.');
  const { id, slug, name } = organization;
  const members = services.organizationMembers;
  const act = request.params.act ?? '';
  const values =
    act === 'invite' ? { email: fields.email?.slice(0, 300) ?? '', role: fields.role ?? '' } : {};

  return orShowErrors(services, visitor, request, values, async () => {
    switch (act) {
      case 'invite':
        requireSent(
          await members.invite(id, session, { email: addressFrom(fields), role: roleFrom(fields) }),
        );
        break;
      case 'resend':
        requireSent(await members.resend(id, session, addressFrom(fields)));
        break;
      case 'withdraw':
        await members.withdraw(id, session, addressFrom(fields));
        break;
      case 'role':
        await members.changeRole(id, session, addressFrom(fields), roleFrom(fields));
        break;
      case 'remove': {
        const email = addressFrom(fields);
        if (fields.sure !== 'yes') {
          const page = ConfirmPage({
            title: `Remove ${email}?`,
            text: `They lose sight of the systems and shares of ${name} at once, also where they are signed in now.`,
            action: portalPaths.removeMember(slug),
            label: 'Remove',
            cancelUrl: portalPaths.organization(slug),
            hidden: { email, sure: 'yes' },
            account: session.email,
            csrf,
          });
          return portalPage(services, visitor, page);
        }
        await members.remove(id, session, email);
        break;
      }
      default:
        throw new Problem('not-found', 'There is no such page.');
    }
    return seeOther(portalPaths.organization(slug));
  });
};

http('organization-members', {
  methods: ['POST'],
  route: 'organizations/{slug}/members/{act}',
  handler: organizationMembers,
  errors: portalErrors,
  operations: [
    formOperation({
      id: 'changeMembers',
      path: '/organizations/{slug}/members/{act}',
      params: { act: z.enum(['invite', 'resend', 'withdraw', 'role', 'remove']) },
      summary: 'Invites, changes and removes members',
      fields: {
        email: emailAddressSchema,
        role: z.enum(roles).optional(),
        sure: z.literal('yes').optional(),
      },
      errors: [409, 429],
    }),
  ],
});
