import { findDashboard } from '../dashboards.ts';
import type { User } from '../user-store.ts';
import { renderPage, type PageFrame } from './layout.tsx';
import { Moment } from './moment.tsx';

export const userListPage = (frame: Pick<PageFrame, 'assets' | 'caller'>, users: readonly User[]): string =>
  renderPage(
    { ...frame, title: 'Users', place: 'users' },
    <>
      <h1>Users</h1>
      <p>Who may sign in here, people and programs, and what they may read.</p>
      <ul class="shares">
        {users.map((user) => (
          <li class="panel">
            <div class="row">
              <h2>{user.name}</h2>
              <span class="badge plain">{user.role}</span>
            </div>
            <dl class="facts">
              <dt>May read</dt>
              <dd>{user.role === 'viewer' ? listed(user) : 'Everything'}</dd>
              <dt>Since</dt>
              <dd>
                <Moment at={user.createdAt} />
              </dd>
            </dl>
          </li>
        ))}
      </ul>
    </>,
  );

const listed = ({ dashboardIds, elementIds }: User): string =>
  [
    ...dashboardIds.map((id) => findDashboard(id)?.title ?? id),
    elementIds.length === 0 ? 'no elements' : `elements ${elementIds.join(', ')}`,
  ].join(' · ');
