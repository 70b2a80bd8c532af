// Request, mail, code, the customer's decision, download, erasure, nothing left: as a person and a customer do it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { CODE, code, count, next } from './mail.mjs';

const { BASE, CUSTOMER, TENANT, OPERATOR, CHROMIUM, MAIL, SCREENSHOTS } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EMAIL = 'mette.holm@example.dk';
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1200, height: 900 };
// A4 less the margins of a printer.
const PAPER = { width: 718, height: 1047 };
const looked = new Set();
// At once, and the browser with it.
process.on('SIGTERM', () => process.exit(143));

async function api(method, path, key, body) {
  const answer = await fetch(BASE + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

async function until(what, look) {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`waited in vain: ${what}`);
}

// A browser whose user has blocked all cookies.
async function browser() {
  const profile = mkdtempSync(join(process.cwd(), 'browser-'));
  mkdirSync(join(profile, 'Default'), { recursive: true });
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(blocked));
  return chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    handleSIGTERM: false,
    acceptDownloads: true,
    viewport: DESKTOP,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

// Every page: no violation, no cookie, no script, nothing from elsewhere, fits a phone.
async function look(page, name) {
  await page.setViewportSize(PHONE);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name}: scrolls sideways on a phone`);
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}-phone.png`), fullPage: true });
  await page.setViewportSize(DESKTOP);
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  const found = await violations(page);
  assert.deepEqual(found, [], `${name}: axe`);
  assert.equal(await page.locator('script').count(), 0, `${name}: a script`);
  assert.deepEqual(await page.context().cookies(), [], `${name}: a cookie`);
  looked.add(name);
}

// The page of the file that was fetched, in both languages, on paper too; from the file alone.
async function read(context, folder) {
  const page = await context.newPage();
  const home = pathToFileURL(folder).href;
  page.on('request', (request) => assert.ok(request.url().startsWith(home), `asks elsewhere: ${request.url()}`));
  await page.goto(`${home}/index.html`);
  for (const lang of ['en', 'da']) {
    await page.locator(`label[for=in-${lang}]`).click();
    const shown = page.locator('.side:visible');
    assert.equal(await shown.getAttribute('lang'), lang);
    for (const words of ['Mette Holm', 'Havnehuset A/S', '+45 20 11 22 33', 'BK 10 111']) {
      assert.ok((await shown.innerText()).includes(words), words);
    }
    await look(page, `file-${lang}`);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize(PAPER);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `file-${lang}: wider than paper`);
    if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `file-${lang}-print.png`), fullPage: true });
    await page.emulateMedia({ media: null });
  }
  await page.close();
}

// In a world of the debugger's own: the page's policy lets no script in, as it should.
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const world = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
  const run = (expression) => session.send('Runtime.evaluate', {
    expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true,
  });
  await run(`${axe};0`);
  const said = await run(`axe.run(document, { resultTypes: ['violations'] }).then((run) => run.violations.map((v) =>
    v.id + ': ' + v.help + ' (' + v.nodes.map((n) => n.target.join(' ')).join(', ') + ')'))`);
  if (said.exceptionDetails) throw new Error(said.exceptionDetails.exception?.description ?? said.exceptionDetails.text);
  await session.detach();
  return said.result.value;
}

async function ask(page, lang, right) {
  await page.goto(`${BASE}/privacy?customer=${CUSTOMER}&lang=${lang}`);
  await look(page, `notice-${lang}`);
  await page.locator('a.cta').first().click();
  await look(page, `form-${lang}`);
  await page.locator('form button[type=submit]').click();
  await page.locator('[role=alert]').waitFor();
  await look(page, `form-faults-${lang}`);
  await page.locator(`#right-${right}`).check();
  await page.locator('#email').fill(EMAIL);
  await page.locator('#details').fill('<b>"Hej" & farvel</b>');
  await page.locator('form button[type=submit]').click();
  await page.locator('#code').waitFor();
  await look(page, `code-${lang}`);
  await page.locator('#code').fill('00000000');
  await page.locator('form').first().locator('button').click();
  await page.locator('[role=alert]').waitFor();
  await look(page, `code-wrong-${lang}`);
  await page.locator('#code').fill(code(await next(MAIL, EMAIL, CODE)));
  await page.locator('form').first().locator('button').click();
  await page.locator('.steps').waitFor();
  await look(page, `waiting-${lang}`);
  const right_case = await until('the case is verified', async () => {
    const { body } = await api('GET', '/v1/rights/cases?state=verified', TENANT);
    return body.data.find((one) => one.right === right);
  });
  assert.equal(right_case.verified.method, 'code');
  return right_case.id;
}

// Where another controller takes files.
async function controller() {
  const other = { got: [], status: 204 };
  const server = createServer((request, answer) => {
    const parts = [];
    request.on('data', (part) => parts.push(part)).on('end', () => {
      other.got.push({ headers: request.headers, body: Buffer.concat(parts) });
      answer.writeHead(other.status).end();
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  other.url = `http://127.0.0.1:${server.address().port}/ind`;
  other.close = () => server.close();
  return other;
}

const act = async (id, what, body) => {
  const answer = await api('POST', `/v1/rights/cases/${id}/${what}`, TENANT, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
};
const state = async (id) => (await api('GET', `/v1/rights/cases/${id}`, TENANT)).body.state;
const refresh = (page) => page.locator('form.second button').click();

const put = await api('PATCH', `/v1/admin/customers/${CUSTOMER}`, OPERATOR,
  { legal_name: 'Havnehuset A/S', email: 'gdpr@havnehuset.example', cvr: '36622652' });
assert.equal(put.status, 200, JSON.stringify(put.body));
const event = async (type, days, hour, what) => {
  const occurred_at = new Date(Date.now() - days * 86_400_000 + hour * 3_600_000).toISOString();
  const about = { id: crypto.randomUUID(), type, occurred_at, license_number: 'L-1' };
  const stored = await api('POST', '/v1/events', TENANT, { ...about, ...what });
  assert.equal(stored.status, 201, JSON.stringify(stored.body));
};
const mette = { ref: 'gaest-1', kind: 'guest', name: 'Mette Holm', email: EMAIL };
const host = { ref: 'vaert-1', name: 'Søren Vært', email: 'soren@havnehuset.example' };
for (let day = 1; day <= 9; day += 1) {
  const more = day === 1 ? { phone: '+45 20 11 22 33', company: 'Åse & Østergård I/S', vehicle_plate: 'BK 10 111' } : {};
  const recipients = [{ ref: 'vaert-1', channel: 'sms', address: '+45 30 00 07 77', status: 'delivered' }];
  const what = { person: { ...mette, ...more }, host, ip: '203.0.113.7', device: 'Hovedindgangen' };
  await event('visit.checked_in', day, 0, { ...what, recipients, origin: 'kiosk' });
  await event('visit.checked_out', day, 2, { ...what, reason: 'reception' });
}
// Once she was the host herself.
await event('visit.checked_in', 12, 0, {
  person: { ref: 'gaest-2', kind: 'guest', name: 'Jonas Friis', email: 'jonas@friis.example' },
  host: { ref: 'gaest-1', name: 'Mette Holm', email: EMAIL },
  recipients: [{ ref: 'gaest-1', channel: 'email', address: EMAIL, status: 'delivered' }],
});

const context = await browser();
const page = context.pages()[0] ?? await context.newPage();
page.on('request', (request) => assert.ok(request.url().startsWith(BASE), `asks elsewhere: ${request.url()}`));
try {
  const access = await ask(page, 'da', 'access');
  assert.ok((await next(MAIL, 'gdpr@havnehuset.example')).text.includes(access));
  await act(access, 'decision', { decision: 'approve' });
  await until('the file is ready', async () => (await api('GET', `/v1/rights/cases/${access}`, TENANT)).body.prepared_at);
  await act(access, 'release');
  const ready = await next(MAIL, EMAIL, 'fil er klar');
  const link = ready.text.match(/http\S+\/privacy\/requests\/\S+/)[0];
  // Days later, on another device: the link asks for a new code.
  await page.goto(link);
  await look(page, 'back-da');
  await page.locator('form.second button').click();
  await look(page, 'code-again-da');
  await page.locator('#code').fill(code(await next(MAIL, EMAIL, CODE)));
  await page.locator('form').first().locator('button').click();
  await page.locator('.answer').waitFor();
  await look(page, 'ready-da');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.answer form button').click()]);
  const folder = mkdtempSync(join(process.cwd(), 'file-'));
  await download.saveAs(join(folder, 'guestlog.zip'));
  execFileSync('python3', ['-c', 'import zipfile;z=zipfile.ZipFile("guestlog.zip");assert z.testzip() is None;'
    + 'z.extractall();d=z.read("data.json").decode()+z.read("index.html").decode();'
    + 'assert "Mette Holm" in d and not any(name in d for name in ("Søren", "soren@", "Jonas", "jonas@")),d'], { cwd: folder });
  await read(context, folder);
  await until('the case is closed', async () => (await state(access)) === 'closed');
  await refresh(page);
  await look(page, 'fetched-da');

  const rectification = await ask(page, 'en', 'rectification');
  await act(rectification, 'decision', { decision: 'refuse', reason: 'We looked into it.', grounds: ['accurate'] });
  await refresh(page);
  await page.locator('.answer').waitFor();
  await look(page, 'refused-en');

  // Her data go straight to where she moves: in Danish they arrive, in English they are refused there.
  const other = await controller();
  for (const [lang, says, status] of [['da', 'er kommet frem til', 204], ['en', 'could not be sent to', 403]]) {
    const moving = await ask(page, lang, 'portability');
    await act(moving, 'decision', { decision: 'approve' });
    await until('the file is ready', async () => (await api('GET', `/v1/rights/cases/${moving}`, TENANT)).body.prepared_at);
    await act(moving, 'release');
    await next(MAIL, EMAIL, lang === 'da' ? 'fil er klar' : 'file is ready');
    await refresh(page);
    await page.locator('.answer').waitFor();
    await look(page, `movable-${lang}`);
    await page.locator('.answer button.quiet').click();
    await look(page, `send-${lang}`);
    await page.locator('#url').fill('min mail');
    await page.locator('form').first().locator('button').click();
    await page.locator('[role=alert]').waitFor();
    await look(page, `send-faults-${lang}`);
    other.status = status;
    await page.locator('#url').fill(other.url);
    await page.locator('form').first().locator('button').click();
    await page.locator('strong.break').waitFor();
    await look(page, `send-confirm-${lang}`);
    assert.equal(other.got.length, lang === 'da' ? 0 : 1, 'nothing is sent before it is confirmed');
    await page.locator('form').first().locator('button').click();
    await page.locator('.answer').waitFor();
    await until('the file was sent', async () => {
      await refresh(page);
      return (await page.locator('.answer').innerText()).includes(says);
    });
    await look(page, `sent-${lang}`);
    await next(MAIL, EMAIL, lang === 'da' ? 'er kommet frem' : 'does not accept the file');
  }
  assert.equal(other.got.length, 2);
  writeFileSync(join(folder, 'moved.zip'), other.got[0].body);
  const keys = join(folder, 'keys.json');
  writeFileSync(keys, await (await fetch(`${BASE}/.well-known/guestlog-receipt-keys.json`)).text());
  execFileSync(process.env.PROGRAM, ['export', 'verify', join(folder, 'moved.zip'), '--keys', keys]);
  other.close();

  const erasure = await ask(page, 'en', 'erasure');
  await act(erasure, 'decision', { decision: 'approve' });
  await until('the person is erased', async () => (await state(erasure)) === 'closed');
  await refresh(page);
  await page.locator('.answer').waitFor();
  await look(page, 'erased-en');
  assert.equal((await api('GET', '/v1/people/gaest-1', TENANT)).status, 404);
  assert.deepEqual((await api('GET', '/v1/events?person=gaest-1', TENANT)).body.data, []);
  assert.equal((await api('GET', '/v1/people/vaert-1', TENANT)).status, 200);
  // Of each request a code, a word to the customer and the answer; of the first also a second code, of those whose file
  // was sent on a word of that.
  assert.equal(count(MAIL), 18);
} finally {
  await context.close();
}
console.log(`a person's rights in a browser: ${looked.size} pages looked at, phone and desktop, Danish and English`);
