import { Badge } from './badge.tsx';

export type ShareStatus = 'active' | 'paused' | 'expired' | 'ended';

export function ShareStatusBadge({ status }: { status: ShareStatus }) {
  switch (status) {
    case 'active':
      return <Badge tone="good">Open</Badge>;
    case 'paused':
      return <Badge tone="warn">Paused</Badge>;
    case 'expired':
      return <Badge tone="plain">Expired</Badge>;
    case 'ended':
      return <Badge tone="plain">Ended</Badge>;
  }
}
