//! The official libraries of Standard Webhooks verify what is sent; `tests/standardwebhooks` installs and runs them.

use crate::harness::Kind;
use crate::webhooks::House;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;

/// Where the libraries are installed.
#[expect(clippy::disallowed_methods, reason = "says where the test's own libraries are; no setting of the program")]
fn libraries() -> PathBuf {
    std::env::var("GUESTLOG_TEST_STANDARDWEBHOOKS").expect("run tests/standardwebhooks, which installs them").into()
}

const PYTHON: &str = "import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
for secret, headers, body, good in json.load(open(sys.argv[1])):
    try:
        Webhook(secret).verify(body, headers)
        verified = True
    except WebhookVerificationError:
        verified = False
    assert verified == good, (verified, good)
print('verified')
";
const JAVASCRIPT: &str = "const { Webhook } = require('standardwebhooks');
for (const [secret, headers, body, good] of JSON.parse(require('fs').readFileSync(process.argv[2]))) {
  let verified = true;
  try { new Webhook(secret).verify(body, headers); } catch (error) { verified = false; }
  if (verified !== good) throw new Error(`${verified} ${good}`);
}
console.log('verified');
";

#[test]
#[ignore = "tests/standardwebhooks installs the libraries and runs it"]
fn python_and_javascript_verify_what_is_sent() {
    let folder = libraries();
    // The libraries compare the time with their own clock.
    let house = House::new(Kind::Sqlite);
    house.clock.set(guestlog::clock::Clock::System.now());
    let (id, first) = house.endpoint(&[]);
    let reference = "g-%C3%A6%C3%B8%C3%A5%20%22quoted%22";
    house.put(reference, "x");
    house.call("DELETE", &format!("/v1/people/{reference}"), None);
    house.test(&id);
    house.send();
    let second = house.call("POST", &format!("/v1/webhooks/{id}/secret"), Some(&json!({}))).json();
    let second = second["secret"].as_str().unwrap();
    house.test(&id);
    house.send();
    let got = house.receiver.take();
    assert_eq!(got.len(), 3);
    let mut cases = Vec::new();
    for (place, message) in got.iter().enumerate() {
        let body = String::from_utf8(message.body.clone()).unwrap();
        cases.push(json!([first, message.headers, body, true]));
        cases.push(json!([second, message.headers, body, place == 2]));
        cases.push(json!([first, message.headers, format!("{body} "), false]));
    }
    let file = folder.join("cases.json");
    std::fs::write(&file, serde_json::to_string(&cases).unwrap()).unwrap();
    std::fs::write(folder.join("verify.py"), PYTHON).unwrap();
    std::fs::write(folder.join("verify.js"), JAVASCRIPT).unwrap();
    let runs: [(PathBuf, &str); 2] = [(folder.join("venv/bin/python"), "verify.py"), ("node".into(), "verify.js")];
    for (program, script) in runs {
        let done = Command::new(&program).arg(folder.join(script)).arg(&file).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        assert!(done.status.success() && said.trim() == "verified", "{}: {said}", program.display());
    }
}
