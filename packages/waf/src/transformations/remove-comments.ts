/** Drops C comments, HTML comments, and everything after "--" or "#". */
export function removeComments(value: string): string {
  let out = '';
  let inside: '' | '*/' | '-->' = '';
  for (let at = 0; at < value.length; ) {
    if (inside === '') {
      if (value.startsWith('/*', at)) [inside, at] = ['*/', at + 2];
      else if (value.startsWith('<!--', at)) [inside, at] = ['-->', at + 4];
      else if (value.startsWith('--', at) || value[at] === '#') break;
      else {
        out += value[at];
        at += 1;
      }
    } else if (value.startsWith(inside, at)) {
      at += inside.length;
      // The byte after a comment is copied unread; at the end of the input that is ModSecurity's terminating NUL.
      out += value[at] ?? '\0';
      at += 1;
      inside = '';
    } else at += 1;
  }
  return inside === '' ? out : `${out} `;
}
