import type { Caller } from '../caller.ts';
import { FormToken, renderPage, type PageFrame } from './layout.tsx';

/** @param pending nothing is connected yet, so nothing is lost */
export const disconnectPage = (
  frame: Pick<PageFrame, 'assets'> & { caller: Caller },
  pending: boolean,
): string =>
  renderPage(
    { ...frame, title: 'Disconnect', place: 'sharing' },
    <section class="panel narrow">
      <h1>{pending ? 'Cancel connecting?' : 'Disconnect from the cloud?'}</h1>
      <p>
        {pending
          ? 'The code on the screen stops working. You can start again at any time.'
          : 'Every shared dashboard goes dark at once and its share is deleted. Connecting again later does not bring the shares back.'}
      </p>
      <form class="actions" method="post" action="/sharing/disconnect" data-once>
        <FormToken caller={frame.caller} />
        <button class="danger" type="submit">
          {pending ? 'Stop connecting' : 'Disconnect'}
        </button>
        <a class="button quiet" href="/sharing">
          Keep {pending ? 'waiting' : 'the connection'}
        </a>
      </form>
    </section>,
  );
