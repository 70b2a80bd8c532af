// Mails as they lie in a folder: files of the service, or a Maildir that a mail server delivers to.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const seen = new Set();

function files(folder) {
  let found = [];
  for (const name of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, name.name);
    if (name.isDirectory()) found = found.concat(files(path));
    else if (name.isFile()) found.push(path);
  }
  return found;
}

const bytes = (text) => Buffer.from(
  text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
  'latin1',
).toString('utf8');

function read(path) {
  const raw = readFileSync(path, 'utf8');
  const [head, ...rest] = raw.split(/\r?\n\r?\n/);
  const body = rest.join('\n\n');
  const header = (name) => head.replace(/\r?\n[ \t]/g, ' ').match(new RegExp(`^${name}: (.*)$`, 'im'))?.[1]?.trim() ?? '';
  const encoding = header('Content-Transfer-Encoding').toLowerCase();
  const text = encoding === 'base64' ? Buffer.from(body, 'base64').toString('utf8')
    : encoding === 'quoted-printable' ? bytes(body) : body;
  return { to: header('To'), text };
}

// Waits for the next mail to an address, with words in it, that no call before has given.
export async function next(folder, to, says = '', timeout = 20_000) {
  const end = Date.now() + timeout;
  while (Date.now() < end) {
    let paths = [];
    try { paths = files(folder); } catch { /* nothing was sent yet */ }
    paths.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
    for (const path of paths) {
      if (seen.has(path)) continue;
      const mail = read(path);
      if (!mail.to.includes(to) || !mail.text.match(says)) continue;
      seen.add(path);
      return mail;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no mail to ${to}`);
}

export const CODE = /(?:kode er|code is) (\d{8})/;
export const code = (mail) => mail.text.match(CODE)[1];
