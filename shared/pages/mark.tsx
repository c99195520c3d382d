/** The mark: two towers and the two halves of a bridge. In the colour of the text around it. */
export const Mark = () => (
  <svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d="M2 20h6M16 20h6M5 20V6M19 20V6M5 6 12 17M19 6 12 17M3 6h4M17 6h4" />
  </svg>
);
