/** Colours of the pages, by what they are for. A test holds every ink to its paper (WCAG 2.2, 1.4.3 and 1.4.11). */
export const portalColours = {
  light: {
    page: '#f5f6f8',
    surface: '#ffffff',
    sunken: '#f0f2f5',
    text: '#1b2430',
    muted: '#566070',
    line: '#dde2e8',
    edge: '#7b8695',
    link: '#0b5c6b',
    button: '#0b5c6b',
    'button-hover': '#084854',
    'button-text': '#ffffff',
    danger: '#a3261b',
    'danger-hover': '#861d14',
    'danger-text': '#ffffff',
    error: '#a3261b',
    focus: '#0b5c6b',
    'good-text': '#14532d',
    good: '#dff1e5',
    'warn-text': '#6b4300',
    warn: '#fdefd2',
    'bad-text': '#8a1c12',
    bad: '#fbe4e1',
    'plain-text': '#3d4654',
    plain: '#e8ebf0',
  },
  dark: {
    page: '#10151c',
    surface: '#19202a',
    sunken: '#222b37',
    text: '#e6eaf0',
    muted: '#a3adba',
    line: '#313b48',
    edge: '#7b8797',
    link: '#76cfdf',
    button: '#5cc1d3',
    'button-hover': '#86d6e4',
    'button-text': '#06252c',
    danger: '#f0938a',
    'danger-hover': '#f7b3ac',
    'danger-text': '#3a0b06',
    error: '#f7a59d',
    focus: '#86d6e4',
    'good-text': '#a9e5bf',
    good: '#153c26',
    'warn-text': '#f6d591',
    warn: '#46340f',
    'bad-text': '#ffc4bd',
    bad: '#4e1d18',
    'plain-text': '#cdd4de',
    plain: '#2b3543',
  },
} as const;

type Mode = keyof typeof portalColours;

/** The colours of one mode as CSS custom properties. */
export const colourProperties = (mode: Mode): string =>
  Object.entries(portalColours[mode])
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ');
