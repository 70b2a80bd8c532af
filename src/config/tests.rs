use super::{ConfigError, LogFormat, LogLevel, Profile, Settings, Sources};
use secrecy::ExposeSecret;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const SECRET: &str = "postgres://app:s3cr3t-canary@db/guestlog";

/// A directory of its own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("guestlog-config-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn load(&self) -> Result<Settings, ConfigError> {
        variables(Some(&self.0), &[])
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn variables(directory: Option<&Path>, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Sources::of_variables(directory.map(Path::to_owned), variables)?.load()
}

fn refusal(result: Result<Settings, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

fn refused_variable(name: &str, value: &str) -> String {
    refusal(variables(None, &[(name, value)]))
}

#[test]
fn the_built_in_settings_are_whole() {
    let settings = Sources::default().load().unwrap();
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.database.url.expose_secret(), "sqlite://./data/guestlog.db");
    assert_eq!(settings.keys.master_key_file, Path::new("./data/master.key"));
    assert_eq!((settings.profile, settings.log.format), (Profile::Development, LogFormat::Text));
    assert!(settings.http.tls.is_none() && settings.http.trusted_proxies.is_empty());
    let production = variables(None, &[("GUESTLOG_PROFILE", "production")]).unwrap();
    assert_eq!((production.profile, production.log.format), (Profile::Production, LogFormat::Json));
}

#[test]
fn stronger_sources_win_and_are_named() {
    let scratch = Scratch::new();
    let default = scratch.write("default.toml", "[http]\nworkers = 1\nmax_connections = 5\nmax_batch_events = 7\n");
    scratch.write("production.toml", "[http]\nworkers = 2\nmax_connections = 6\n");
    scratch.write("development.toml", "this is not read");
    let settings = Sources::of_variables(
        None,
        [
            ("GUESTLOG_PROFILE", "production"),
            ("GUESTLOG_CONFIG_DIR", scratch.0.to_str().unwrap()),
            ("GUESTLOG__HTTP__WORKERS", "3"),
            ("GUESTLOG__HTTP__TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.7,::1"),
            ("GUESTLOG_UNRELATED", "left alone"),
        ]
        .map(|(name, value)| (OsString::from(name), OsString::from(value))),
    )
    .unwrap()
    .with("log.level", "trace")
    .load()
    .unwrap();
    assert_eq!((settings.http.workers, settings.http.max_connections, settings.http.max_batch_events), (3, 6, 7));
    assert_eq!(settings.log.level, LogLevel::Trace);
    let proxies: Vec<_> = settings.http.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32", "::1/128"]);
    let origin = |name: &str| settings.describe().iter().find(|line| line.name == name).unwrap().origin.clone();
    assert_eq!(origin("http.workers"), "environment variable GUESTLOG__HTTP__WORKERS");
    assert_eq!(origin("http.max_batch_events"), format!("file {}", default.display()));
    assert_eq!(origin("log.level"), "command line");
    assert_eq!(origin("log.format"), "built-in production.toml");
    assert_eq!(origin("database.url"), "derived from data_dir");
}

#[test]
fn an_unknown_key_in_a_file_is_named() {
    let scratch = Scratch::new();
    let path = scratch.write("default.toml", "[http]\nwrokers = 2\n");
    let said = refusal(scratch.load());
    let start = format!("setting http.wrokers (file {}): no such setting; expected one of ", path.display());
    assert!(said.starts_with(&start), "{said}");
    scratch.write("default.toml", "[htp]\nworkers = 2\n");
    assert!(refusal(scratch.load()).starts_with("setting htp (file "));
    scratch.write("default.toml", "[htp]\n");
    assert!(refusal(scratch.load()).starts_with("setting htp (an empty section)"));
    scratch.write("default.toml", "profile = \"production\"\n");
    assert!(refusal(scratch.load()).starts_with("setting profile (file "));
    scratch.write("default.toml", "[http.tls]\ncertificate_file = \"x\"\n");
    assert!(refusal(scratch.load()).starts_with("setting http.tls.key_file (file "));
}

#[test]
fn a_variable_that_names_nothing_is_refused() {
    for name in ["GUESTLOG__HTTP__WROKERS", "GUESTLOG__NOTHING", "GUESTLOG__LOG__LEVEL__MORE", "GUESTLOG__HTTP__TLS"] {
        let said = refused_variable(name, "canary");
        assert!(said.contains(&format!("(environment variable {name})")) && !said.contains("canary"), "{said}");
    }
    for name in ["GUESTLOG__", "GUESTLOG__http__workers", "GUESTLOG__HTTP__WORKERS[0]", "GUESTLOG__HTTP____WORKERS"] {
        let said = refused_variable(name, "canary");
        assert!(said.starts_with(&format!("environment variable {name}: ")) && !said.contains("canary"), "{said}");
    }
    let said = refused_variable("GUESTLOG__HTTP", "canary");
    assert!(said.ends_with("this is a section") && !said.contains("canary"), "{said}");
}

#[test]
fn a_malformed_value_is_named_with_its_bound_and_not_repeated() {
    let number = "expected a whole number from 1 to 64";
    for (name, value, expected) in [
        ("GUESTLOG__DATABASE__READERS", "four-canary", number),
        ("GUESTLOG__DATABASE__READERS", "65", number),
        ("GUESTLOG__DATABASE__READERS", "-1", number),
        ("GUESTLOG__DATABASE__READERS", "+4", number),
        ("GUESTLOG__DATABASE__READERS", "1.5", number),
        ("GUESTLOG__DATABASE__READERS", "true", number),
        ("GUESTLOG__DATABASE__READERS", "", number),
        ("GUESTLOG__HTTP__LISTEN", "canary:80", "expected an IP address and port"),
        ("GUESTLOG__HTTP__TRUSTED_PROXIES", "10.0.0.0/8,canary", "expected networks or addresses"),
        ("GUESTLOG__METRICS__ENABLED", "maybe-canary", "expected true or false"),
        ("GUESTLOG__LOG__FORMAT", "xml-canary", "expected one of text, json"),
        ("GUESTLOG__DATA_DIR", "", "expected a path"),
        ("GUESTLOG_PROFILE", "canary", "expected development or production"),
    ] {
        let said = refused_variable(name, value);
        assert!(said.contains(name) && said.contains(expected) && !said.contains("canary"), "{said}");
    }
    let scratch = Scratch::new();
    for value in ["1.5", "true", "\"canary, expected canary\"", "-1", "[1]", "{ canary = 1 }", "2020-01-01"] {
        scratch.write("default.toml", &format!("[database]\nreaders = {value}\n"));
        let said = refusal(scratch.load());
        assert!(said.starts_with("setting database.readers"), "{said}");
        assert!(said.ends_with(number) && !said.contains("canary"), "{said}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let scratch = Scratch::new();
    assert!(refusal(scratch.load()).ends_with("holds neither default.toml nor development.toml"));
    assert!(refusal(variables(Some(&scratch.0.join("missing")), &[])).contains("missing: "));
    scratch.write("default.toml", &format!("[database]\nreaders = 4\nurl = \"{SECRET}\n"));
    let said = refusal(scratch.load());
    assert!(said.contains("default.toml, line 3, column ") && !said.contains("canary"), "{said}");
}

#[test]
fn a_secret_never_shows() {
    let settings = variables(None, &[("GUESTLOG__DATABASE__URL", SECRET)]).unwrap();
    assert_eq!(settings.database.url.expose_secret(), SECRET);
    let mut shown = format!("{settings:?}{settings:#?}");
    shown.extend(settings.describe().iter().map(|line| format!("{line}\n")));
    shown.push_str(&serde_json::to_string(settings.describe()).unwrap());
    assert!(shown.contains("database.url = (set) (environment variable GUESTLOG__DATABASE__URL)"));
    assert!(!shown.contains("canary"));
    let sources = Sources::default().with("database.url", SECRET);
    assert!(!format!("{sources:?}").contains("canary"));
    let broken = refused_variable("GUESTLOG__DATABASE__URL", &format!("{SECRET}\n{SECRET}"));
    assert!(broken.ends_with("expected one line of 1 to 4096 bytes") && !broken.contains("canary"), "{broken}");
    let scratch = Scratch::new();
    scratch.write("default.toml", &format!("[database]\nurl = [\"{SECRET}\"]\n"));
    assert!(!refusal(scratch.load()).contains("canary"));
    scratch.write("default.toml", &format!("[database]\nuri = \"{SECRET}\"\n"));
    assert!(!refusal(scratch.load()).contains("canary"));
}

#[test]
fn a_secret_comes_from_a_file_without_the_end_of_its_line() {
    let scratch = Scratch::new();
    let name = "GUESTLOG__DATABASE__URL_FILE";
    for end in ["", "\n", "\r\n"] {
        let path = scratch.write("url", &format!("{SECRET}{end}"));
        let settings = variables(None, &[(name, path.to_str().unwrap())]).unwrap();
        assert_eq!(settings.database.url.expose_secret(), SECRET);
        let line = settings.describe().iter().find(|line| line.name == "database.url").unwrap();
        assert_eq!((line.value.as_str(), line.origin.clone()), ("(set)", format!("file {}", path.display())));
    }
    let path = scratch.write("url", &format!("{SECRET}\n{SECRET}\n"));
    for content in
        [String::new(), "\n".into(), format!("{SECRET}\n\n"), format!("{SECRET}\n{SECRET}"), "x".repeat(4_097)]
    {
        std::fs::write(&path, content).unwrap();
        let said = refused_variable(name, path.to_str().unwrap());
        assert!(said.starts_with(&format!("setting database.url_file (environment variable {name})")), "{said}");
        assert!(said.ends_with("one line of 1 to 4096 bytes") && !said.contains("canary"), "{said}");
    }
    let missing = refused_variable(name, scratch.0.join("missing").to_str().unwrap());
    assert!(missing.contains("database.url_file"), "{missing}");
    std::fs::write(&path, SECRET).unwrap();
    let both = refusal(variables(None, &[(name, path.to_str().unwrap()), ("GUESTLOG__DATABASE__URL", SECRET)]));
    assert!(both.contains("database.url_file") && !both.contains("canary"), "{both}");
}

#[test]
fn every_setting_of_the_built_in_files_is_documented() {
    let text = include_str!("../../config/default.toml");
    for line in text.lines().filter(|line| line.contains(" = ") && !line.starts_with('#') && line.contains('_')) {
        let numeric = line.split(" = ").nth(1).unwrap().starts_with(|c: char| c.is_ascii_digit());
        assert!(!numeric || line.contains('#'), "no bounds are told: {line}");
    }
}

const OPERATOR: &str = "[operator]\nname = \"Nordlys ApS\"\ncvr = 38951076\naddress = \"Havnegade 1\"\npostcode = 8000\n\
    city = \"Aarhus C\"\nemail = \"privatliv@nordlys.example\"\nphone = \"+45 12 34 56 78\"\n";
const PUBLIC: &str = "[http]\npublic_url = \"https://privatliv.nordlys.example/\"\n";

#[test]
fn production_does_not_serve_without_identity_and_a_public_address() {
    let scratch = Scratch::new();
    let load = |text: &str| {
        scratch.write("production.toml", text);
        variables(Some(&scratch.0), &[("GUESTLOG_PROFILE", "production")])
    };
    let refused = |text: &str| load(text).unwrap().fit_to_serve().unwrap_err().to_string();
    assert!(refused(PUBLIC).starts_with("setting operator (not set): expected name, cvr, "));
    assert!(refused(OPERATOR).starts_with("setting http.public_url (derived from http.listen): expected https://"));
    assert!(refused(&format!("{OPERATOR}[http]\npublic_url = \"https://localhost\"\n")).contains("http.public_url"));
    let settings = load(&format!("{OPERATOR}{PUBLIC}")).unwrap();
    assert!(settings.fit_to_serve().unwrap_err().to_string().starts_with("setting mail.host (not set)"));
    load(&format!("{OPERATOR}{PUBLIC}[mail]\nhost = \"mail.nordlys.example\"\n")).unwrap().fit_to_serve().unwrap();
    let operator = settings.operator.unwrap();
    assert_eq!((operator.cvr.as_str(), operator.postcode_city().as_str()), ("38951076", "8000 Aarhus C"));
    assert_eq!(settings.http.public_url.to("/privacy"), "https://privatliv.nordlys.example/privacy");
    assert_eq!(settings.authority.name.as_str(), "Datatilsynet");
    // Half an identity is none.
    assert!(refusal(load("[operator]\nname = \"Nordlys ApS\"\n")).starts_with("setting operator."));
    let wrong = OPERATOR.replace("38951076", "38951077");
    assert!(refusal(load(&wrong)).starts_with("setting operator.cvr (file "), "{}", refusal(load(&wrong)));
    // Development has an example, so that every notice can be looked at.
    Sources::default().load().unwrap().fit_to_serve().unwrap();
}

#[test]
fn the_public_address_follows_the_listener() {
    for (listen, url) in [
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("0.0.0.0:9000", "http://localhost:9000"),
    ] {
        let settings = variables(None, &[("GUESTLOG__HTTP__LISTEN", listen)]).unwrap();
        assert_eq!(settings.http.public_url.as_str(), url);
    }
    let said = refused_variable("GUESTLOG__HTTP__PUBLIC_URL", "http://canary.example");
    assert!(said.contains("expected https://") && !said.contains("canary"), "{said}");
}

#[test]
fn recipients_are_named_one_by_one_and_leave_the_area_on_a_ground() {
    let scratch = Scratch::new();
    let one = |name: &str, further: &str| {
        let purpose = "purpose_da = \"Drift\"\npurpose_en = \"Hosting\"\nrole = \"processor\"\n";
        format!("[[recipients]]\nname = \"{name}\"\n{purpose}{further}\n")
    };
    scratch.write("default.toml", &[one("Nord", "country = \"DK\""), one("Vest", "country = \"US\"")].concat());
    let said = refusal(scratch.load());
    assert!(
        said.starts_with("setting recipients[1].transfer_basis (file ") && said.contains("outside the EEA"),
        "{said}"
    );
    let grounded = "country = \"US\"\ntransfer_basis = \"EU-US Data Privacy Framework\"";
    scratch.write("default.toml", &[one("Nord", "country = \"DK\""), one("Vest", grounded)].concat());
    let recipients = scratch.load().unwrap().recipients;
    assert_eq!(recipients.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Nord", "Vest"]);
    scratch.write("default.toml", &one("Nord", "country = \"dk-canary\""));
    let said = refusal(scratch.load());
    assert!(said.starts_with("setting recipients[0].country (file ") && !said.contains("canary"), "{said}");
}

#[test]
fn mails_travel_in_the_clear_on_this_machine_only() {
    let with = |security: &str, host: &str| {
        variables(None, &[("GUESTLOG__MAIL__SECURITY", security), ("GUESTLOG__MAIL__HOST", host)])
    };
    let said = refusal(with("plain", "mail.example"));
    assert!(said.starts_with("setting mail.security (environment variable"), "{said}");
    for (security, host) in [("plain", "localhost"), ("plain", "[::1]"), ("starttls", "mail.example")] {
        with(security, host).unwrap();
    }
    assert!(refusal(with("tls", "mail.example:25")).starts_with("setting mail.host"));
    let half = refusal(variables(None, &[("GUESTLOG__MAIL__USER", "canary")]));
    assert!(half.contains("mail.user") && half.contains("neither") && !half.contains("canary"), "{half}");
    let scratch = Scratch::new();
    let file = scratch.write("password", "s3cr3t-canary\n");
    let both = [("GUESTLOG__MAIL__USER", "canary"), ("GUESTLOG__MAIL__PASSWORD_FILE", file.to_str().unwrap())];
    let settings = variables(None, &both).unwrap();
    assert_eq!(settings.mail.password.as_ref().unwrap().expose_secret(), "s3cr3t-canary");
    let shown = format!("{settings:?}{:?}", settings.describe().iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(!shown.contains("s3cr3t-canary"));
}
