/** Dark on light in every colour scheme: many readers take no other. */
export const QrCode = ({ modules, label }: { modules: readonly (readonly boolean[])[]; label: string }) => {
  const dark = modules.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${modules.length} ${modules.length}`}
      shape-rendering="crispEdges"
    >
      <rect width={modules.length} height={modules.length} fill="#fff" />
      <path d={dark.join('')} fill="#000" />
    </svg>
  );
};
