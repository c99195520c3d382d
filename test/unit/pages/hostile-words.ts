import fc from 'fast-check';

/** Words that would break out of text, attributes, comments, styles, headers and addresses, if anything let them. */
export const hostileWords = fc.oneof(
  fc.constantFrom(
    '<script>evil()</script>',
    '"><img src=x onerror=evil()>',
    "' onmouseover='evil()",
    '</title></style></textarea><svg onload=evil()>',
    '<!--',
    ']]>',
    '&lt;b&gt;&#60;i&#62;',
    'javascript:evil()',
    'https://evil.example/',
    'x\r\nBcc: evil@example.com\r\n\r\nbody',
    '\u0000\u202e\ud800',
    '{{7*7}}${7*7}<%= 7*7 %>',
  ),
  fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', 'a', ' ', '\n', '\r', '`', ';', '\u2028'),
  }),
  fc.string({ unit: 'binary' }),
);
