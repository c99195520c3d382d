/**
 * @typedef {{ name: string, label: string, unit: string, decimals: number }} Parameter
 * @typedef {{ id: number, name: string, parameters: Parameter[] }} Element_
 * @typedef {{ id: string, elementIds: number[], elements: Element_[] }} Dashboard
 * @typedef {{ at: number, value: number }} Point
 * @typedef {{ id: string, elementId: number, elementName: string, severity: string, text: string, raisedAt: number }} Alarm
 */

const SECOND = 1000;
const TREND_SPAN = 600 * SECOND;
const TREND_POINTS = 60;
const TREND_EVERY = 15 * SECOND;
const LONGEST_PAUSE = 10 * SECOND;
const SEVERITIES = ['critical', 'major', 'minor', 'warning'];

/** An answer other than success. */
class Refused extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** @param {string} id */
const byId = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
};

/** @param {number} at milliseconds since the epoch; shown in UTC, as the server does */
const timeOfDay = (at) => new Date(at).toISOString().slice(11, 19);

/**
 * @template T
 * @param {string} path
 * @param {object} [content] sent as JSON with POST
 * @returns {Promise<T>}
 */
async function ask(path, content) {
  const response = await fetch(path, {
    signal: AbortSignal.timeout(15 * SECOND),
    ...(content
      ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) }
      : {}),
  });
  if (!response.ok) throw new Refused(response.status);
  /** @type {Promise<T>} */
  const answer = response.json();
  return answer;
}

/* Alarms */

/** @type {Set<string> | undefined} */
let knownAlarms;
let shownAlarms = '';

/** @param {Alarm[]} alarms worst first */
function showAlarms(alarms) {
  const ids = alarms.map(({ id }) => id).join();
  if (ids === shownAlarms) return;
  shownAlarms = ids;
  byId('alarms').replaceChildren(...alarms.map(alarmItem));
  byId('no-alarms').hidden = alarms.length > 0;
  for (const severity of SEVERITIES) {
    const count = alarms.filter((alarm) => alarm.severity === severity).length;
    const chip = document.querySelector(`[data-count="${severity}"]`);
    chip?.querySelector('b')?.replaceChildren(String(count));
    chip?.toggleAttribute('data-zero', count === 0);
  }
  for (const card of document.querySelectorAll('[data-element]')) {
    const id = Number(card.getAttribute('data-element'));
    const severity = alarms.find((alarm) => alarm.elementId === id)?.severity ?? 'none';
    card.setAttribute('data-severity', severity);
    const badge = card.querySelector('[data-badge]');
    badge?.setAttribute('class', `badge ${severity}`);
    badge?.replaceChildren(severity === 'none' ? 'OK' : severity);
  }
  const known = knownAlarms;
  const raised = known ? alarms.filter(({ id }) => !known.has(id)) : [];
  knownAlarms = new Set(alarms.map(({ id }) => id));
  if (raised.length > 0) {
    const words = raised.map(({ severity, elementName, text }) => `${severity}: ${elementName}, ${text}`);
    byId('announcer').textContent = `New alarm, ${words.join('; ')}`;
  }
}

/** @param {Alarm} alarm */
function alarmItem({ id, severity, text, elementName, raisedAt }) {
  const item = document.createElement('li');
  item.className = `alarm ${severity}`;
  item.toggleAttribute('data-new', knownAlarms !== undefined && !knownAlarms.has(id));
  /** @param {string} name @param {string} content @param {string} [style] */
  const part = (name, content, style = '') => {
    const node = document.createElement(name);
    node.className = style;
    node.textContent = content;
    return node;
  };
  const time = part('time', timeOfDay(raisedAt));
  time.setAttribute('datetime', new Date(raisedAt).toISOString());
  item.append(
    part('span', severity, `badge ${severity}`),
    time,
    part('b', text),
    part('span', elementName, 'source'),
  );
  return item;
}

/* Figures and trends */

/** @type {Map<string, Point[]>} by element and parameter */
const series = new Map();

/** @param {number} elementId @param {string} parameter */
const figureOf = (elementId, parameter) =>
  document.querySelector(`[data-element="${elementId}"] [data-parameter="${parameter}"]`);

/** @param {number} elementId @param {Parameter} parameter @param {Point} point */
function showValue(elementId, parameter, point) {
  const figure = figureOf(elementId, parameter.name);
  figure?.querySelector('[data-value]')?.replaceChildren(point.value.toFixed(parameter.decimals));
  const points = series.get(`${elementId}.${parameter.name}`);
  if (!points) return;
  points.push(point);
  while (points[0] && points[0].at < point.at - TREND_SPAN) points.shift();
  drawTrend(elementId, parameter, points);
}

/** @param {number} elementId @param {Parameter} parameter @param {Point[]} points */
function drawTrend(elementId, parameter, points) {
  const figure = figureOf(elementId, parameter.name);
  const last = points.at(-1);
  if (!figure || !last || points.length < 2) return;
  const values = points.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  // A flat line stays in the middle, and small noise does not fill the height.
  const span = Math.max(high - low, Math.abs(high) * 0.02, 10 ** -parameter.decimals * 4);
  const bottom = (high + low) / 2 - span / 2;
  const line = points
    .map(({ at, value }) => {
      const x = 300 * Math.max(0, 1 - (last.at - at) / TREND_SPAN);
      const y = 56 - (52 * (value - bottom)) / span;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join('L');
  figure.querySelector('.line')?.setAttribute('d', `M${line}`);
  const left = line.slice(0, line.indexOf(','));
  figure.querySelector('.area')?.setAttribute('d', `M${left},60L${line}L300,60Z`);
  const extent = `${low.toFixed(parameter.decimals)} – ${high.toFixed(parameter.decimals)} ${parameter.unit}`;
  figure.querySelector('[data-extent]')?.replaceChildren(extent);
  figure.querySelector('title')?.replaceChildren(`${parameter.label}, last 10 minutes: ${extent}`);
}

/** @param {Dashboard} dashboard @returns {Promise<number>} the server's time of the values */
async function readValues({ elements }) {
  const moments = await Promise.all(
    elements.map(async ({ id, parameters }) => {
      /** @type {{ at: number, values: { parameter: string, value: number }[] }} */
      const answer = await ask('/api/elements/values', {
        elementId: id,
        parameters: parameters.map(({ name }) => name),
      });
      for (const parameter of parameters) {
        const found = answer.values.find((one) => one.parameter === parameter.name);
        if (found) showValue(id, parameter, { at: answer.at, value: found.value });
      }
      return answer.at;
    }),
  );
  return Math.max(...moments);
}

/** @param {Dashboard} dashboard */
async function readAlarms({ elementIds, elements }) {
  const readable = elementIds.filter((id) => elements.some((element) => element.id === id));
  /** @type {{ alarms: Alarm[] }} */
  const { alarms } = await ask('/api/alarms/active', { elementIds: readable, limit: 20 });
  showAlarms(alarms);
}

/** @param {Dashboard} dashboard @param {number} at the server's time: the viewer's clock may be wrong */
async function readTrends({ elements }, at) {
  const to = at - (at % SECOND);
  const wanted = elements.flatMap(({ id, parameters }) => parameters.map((parameter) => ({ id, parameter })));
  await Promise.all(
    wanted.map(async ({ id, parameter }) => {
      /** @type {{ points: Point[] }} */
      const { points } = await ask('/api/trends', {
        elementId: id,
        parameter: parameter.name,
        from: to - TREND_SPAN,
        to,
        points: TREND_POINTS,
      });
      series.set(`${id}.${parameter.name}`, points);
      drawTrend(id, parameter, points);
    }),
  );
}

/* Staying live */

/** @param {'live' | 'lost' | 'closed'} state */
function showState(state) {
  const words = { live: 'Live', lost: 'Connection lost', closed: 'Closed' };
  const live = byId('live');
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  byId('live-text').textContent = words[state];
  byId('dashboard').toggleAttribute('data-stale', state !== 'live');
  const trouble = byId('trouble');
  trouble.hidden = state === 'live';
  trouble.textContent =
    state === 'closed'
      ? 'This dashboard is no longer open to you. The figures below are old.'
      : 'No answer from Hilltop. The figures below are old; trying again.';
}

/** @param {string} id of the dashboard */
async function keepLive(id) {
  /** @type {Dashboard | undefined} */
  let dashboard;
  let trendsAt = 0;
  let failures = 0;
  for (;;) {
    const started = performance.now();
    try {
      dashboard ??= /** @type {Dashboard} */ (await ask(`/api/dashboards/${id}`));
      const [at] = await Promise.all([readValues(dashboard), readAlarms(dashboard)]);
      byId('clock').textContent = timeOfDay(at);
      showState('live');
      failures = 0;
      if (at - trendsAt >= TREND_EVERY) {
        await readTrends(dashboard, at);
        trendsAt = at;
      }
    } catch (problem) {
      failures += 1;
      const closed = problem instanceof Refused && [401, 403, 404, 410].includes(problem.status);
      if (closed || failures > 1) showState(closed ? 'closed' : 'lost');
    }
    const pause = Math.min(SECOND * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE);
    await later(Math.max(50, pause - (performance.now() - started)));
    await visible();
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @returns {Promise<void>} at once, or when somebody looks at the page again */
const visible = () =>
  new Promise((resolve) => {
    if (!document.hidden) return resolve();
    document.addEventListener('visibilitychange', () => resolve(), { once: true });
  });

/** @param {string} id of the dashboard */
function listenForAlarms(id) {
  const events = new EventSource(`/api/dashboards/${id}/events`);
  events.addEventListener('alarms', (event) => {
    /** @type {unknown} */
    const data = JSON.parse(String(event.data));
    const { alarms } = /** @type {{ alarms: Alarm[] }} */ (data);
    showAlarms(alarms.slice(0, 20));
  });
  events.addEventListener('error', () => {
    // The browser tries again by itself unless it was refused.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listenForAlarms(id), LONGEST_PAUSE);
  });
}

const board = document.getElementById('dashboard');
if (board?.dataset.dashboard) {
  void keepLive(board.dataset.dashboard);
  listenForAlarms(board.dataset.dashboard);
}

/* A form that does something once is sent once, however often its button is pressed. */
for (const form of document.querySelectorAll('form[data-once]')) {
  form.addEventListener('submit', (event) => {
    if (form.hasAttribute('data-sent')) event.preventDefault();
    form.setAttribute('data-sent', '');
  });
}
