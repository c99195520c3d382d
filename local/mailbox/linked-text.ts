export interface TextPiece {
  readonly text: string;
  /** Absent where the piece is no web address. */
  readonly link?: string;
}

// Up to what ends an address in running text: space, quotes, angle brackets; and not a full stop or comma at its end.
const address = /https?:\/\/[^\s<>"'“”]*[^\s<>"'“”.,:;!?)\]]/g;

/** Text cut into pieces of which some are web addresses; joined, they are the text again. */
export function linkedText(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(address)) {
    if (index > end) pieces.push({ text: text.slice(end, index) });
    pieces.push(URL.canParse(found) ? { text: found, link: found } : { text: found });
    end = index + found.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}
