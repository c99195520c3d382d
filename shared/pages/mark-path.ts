/** Two towers, and between them the two halves of a bridge, raised on their chains; for a view box of 24 by 24. */
export const markPath =
  'M3 20V6h4.5v14M16.5 20V6H21v14M7.5 17l3.5-6M16.5 17 13 11M7.5 7.5 11 11M16.5 7.5 13 11M2 20h20';
