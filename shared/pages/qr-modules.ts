/** The QR code (ISO/IEC 18004) of a text, row by row, true where it is dark, with the quiet zone around it. */
export async function qrModules(text: string): Promise<readonly (readonly boolean[])[]> {
  const { encode } = await import('uqr');
  return encode(text, { ecc: 'M', border: 4 }).data;
}
