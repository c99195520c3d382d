/** Colours of the HTML e-mails: text on its background keeps at least 4.5 to 1 (WCAG 2.2, 1.4.3), in both modes. */
export const emailColours = {
  light: {
    page: '#f5f6f8',
    card: '#ffffff',
    text: '#1b2430',
    muted: '#566070',
    line: '#d9dee5',
    link: '#0b5c6b',
    button: '#0b5c6b',
    buttonText: '#ffffff',
    quote: '#f0f3f6',
  },
  dark: {
    page: '#11161d',
    card: '#1a212b',
    text: '#e6eaf0',
    muted: '#a3adba',
    line: '#36414f',
    link: '#76cfdf',
    button: '#5cc1d3',
    buttonText: '#06252c',
    quote: '#232c38',
  },
} as const;
