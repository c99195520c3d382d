/** US dollars as assumed in docs/cost.md: list prices, Western Europe, without free grants or reservations. */
export const prices = {
  listenerMonth: 9.78,
  wakeUpUnitMonth: 49,
  gigabyteSecond: 0.000026,
  millionExecutions: 0.4,
  frontDoorMonth: 330,
  frontDoor10kRequests: 0.015,
  gigabyteOut: 0.083,
  requestUnits100Hour: 0.012,
} as const;

export interface Load {
  readonly systems: number;
  /** Who watch at the same time, on average. */
  readonly viewers: number;
  readonly tunnels: 'always' | 'on demand';
}

const hours = 730;
const month = hours * 3600;

/** Dollars a month of each part, by the formula in docs/cost.md. */
export function monthlyCost({ systems, viewers, tunnels }: Load) {
  const apiRequests = (systems * 44) / 3600;
  const viewerRequests = viewers / 5;
  const probes = 200 / 60;
  const rate = apiRequests + viewerRequests + probes;
  // A 2 GB instance takes 16 requests at once, and is paid while it has any, for a second at the least.
  const instances = Math.max(1 - Math.exp(-rate), (apiRequests * 0.05 + viewerRequests * 0.3) / 16);
  const requestUnits = Math.max(1300, apiRequests * 10 + viewerRequests * 7);
  const open = tunnels === 'always' ? systems : Math.max(systems * 0.05, Math.min(viewers, systems));
  return {
    tunnels: open * 2 * prices.listenerMonth,
    wakeUps: Math.max(1, tunnels === 'always' ? 1 : Math.ceil(systems / 1000)) * prices.wakeUpUnitMonth,
    functions:
      instances * 2 * month * prices.gigabyteSecond + ((rate * month) / 1e6) * prices.millionExecutions,
    frontDoor:
      prices.frontDoorMonth +
      (((apiRequests + viewerRequests) * month) / 1e4) * prices.frontDoor10kRequests +
      ((viewerRequests * month * 20) / 1e6) * prices.gigabyteOut,
    documents: (requestUnits / 100) * hours * prices.requestUnits100Hour * 2,
  };
}

const loads = [
  [10, 1],
  [1000, 20],
  [10_000, 200],
] as const;

/** The table of docs/cost.md. */
export function costTable(): string {
  const dollars = (amount: number) => String(Math.round(amount));
  const rows = loads.flatMap(([systems, viewers]) =>
    (['always', 'on demand'] as const).map((tunnels) => {
      const parts = Object.values(monthlyCost({ systems, viewers, tunnels }));
      const sum = parts.reduce((all, part) => all + part, 0);
      return `| ${[String(systems), String(viewers), tunnels, ...parts.map(dollars), dollars(sum)].join(' | ')} |`;
    }),
  );
  return rows.join('\n');
}
