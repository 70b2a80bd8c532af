// Mails as they lie in the Maildir that the SMTP server delivers to.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const seen = new Set();

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
  return { to: header('To'), id: header('Message-ID'), received: header('Received'), text };
}

// Every mail: by Exim, over TLS, and known by an id of its own, however often it was tried.
function checked(mail) {
  assert.match(mail.received, /by localhost with (?:utf8)?esmtps .*TLS1\.3.*\(Exim /, mail.received);
  assert.match(mail.id, /^<[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}@nordlys\.example>$/, mail.id);
  return mail;
}

const arrived = (folder) => readdirSync(join(folder, 'new')).map((name) => join(folder, 'new', name));

// How many mails arrived, none of them twice.
export function count(folder) {
  const ids = arrived(folder).map((path) => checked(read(path)).id);
  assert.equal(new Set(ids).size, ids.length, ids.join(' '));
  return ids.length;
}

// Waits for the next mail to an address, with words in it, that no call before has given.
export async function next(folder, to, says = '', timeout = 20_000) {
  const end = Date.now() + timeout;
  while (Date.now() < end) {
    let paths = [];
    try { paths = arrived(folder); } catch { /* nothing has come yet */ }
    paths.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
    for (const path of paths) {
      if (seen.has(path)) continue;
      const mail = read(path);
      if (!mail.to.includes(to) || !mail.text.match(says)) continue;
      seen.add(path);
      return checked(mail);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no mail to ${to}`);
}

export const CODE = /(?:kode er|code is) (\d{8})/;
export const code = (mail) => mail.text.match(CODE)[1];
