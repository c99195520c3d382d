import type { Instant } from '../clock.ts';
import { Badge } from './badge.tsx';
import { portalPaths } from './portal-paths.ts';
import { UtcTime } from './utc-time.tsx';

/** A gateway, or a copy of one, that asks to be connected again. */
export interface AskingGateway {
  readonly gatewayId: string;
  readonly gatewayName: string;
  readonly systemName: string;
  /** Network address. */
  readonly from: string;
  /** As a sentence. */
  readonly why: string;
  /** What its console shows. */
  readonly userCode: string;
  readonly askedAt: Instant;
}

/** For owners and admins; each request leads to the page where it is decided. */
export function AskingGateways({ asking }: { asking: readonly AskingGateway[] }) {
  if (asking.length === 0) return null;
  const several = asking.some(
    ({ gatewayId }, index) => asking.findIndex((other) => other.gatewayId === gatewayId) !== index,
  );
  return (
    <section class="stack">
      <h2>
        {asking.length === 1 ? 'A gateway asks to be connected again' : 'Gateways ask to be connected again'}
      </h2>
      {several && (
        <p class="notice">
          The same gateway asks more than once. One of the requests comes from a copy: compare the codes with
          what the console of the right machine shows before you approve one.
        </p>
      )}
      <ul class="rows">
        {asking.map(({ gatewayName, systemName, from, why, userCode, askedAt }) => (
          <li class="row">
            <div class="row-main">
              <p class="row-name">
                {gatewayName} of {systemName}
              </p>
              <p>{why}</p>
              <p class="meta">
                <span>Asks from {from}</span>
                <span>
                  Since <UtcTime at={askedAt} />
                </span>
                <span>
                  Its console shows <code>{userCode}</code>
                </span>
              </p>
            </div>
            <div class="aside">
              <Badge tone="warn">Waits for approval</Badge>
              <a
                class="button slight"
                href={portalPaths.connectCode(userCode)}
                aria-label={`Decide on ${userCode}`}
              >
                Decide
              </a>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
