use super::*;

const PINNED: &str = "connect_timeout='10'";

fn read(rest: &str) -> String {
    parse(rest, true).unwrap_or_else(|e| panic!("{rest}: {e}")).expose().to_owned()
}

fn refused(rest: &str, has_tls: bool) -> UrlError {
    parse(rest, has_tls).map(|_| ()).expect_err(rest)
}

#[test]
fn a_local_host_is_taken_in_any_mode() {
    let local = [
        ("localhost/db", "host='localhost' dbname='db' hostaddr=''"),
        ("LocalHost:5433/db", "host='LocalHost' port='5433' dbname='db' hostaddr=''"),
        ("127.0.0.1", "host='127.0.0.1' hostaddr=''"),
        ("127.8.9.10/", "host='127.8.9.10' hostaddr=''"),
        ("[::1]:5433/db", "host='::1' port='5433' dbname='db' hostaddr=''"),
        ("[::ffff:127.0.0.1]/db", "host='::ffff:127.0.0.1' dbname='db' hostaddr=''"),
        ("", "host='' hostaddr=''"),
        ("/db", "dbname='db' host='' hostaddr=''"),
        ("%2Frun%2Fpostgresql/db", "host='/run/postgresql' dbname='db' hostaddr=''"),
        ("/db?host=/run/postgresql", "dbname='db' host='/run/postgresql' hostaddr=''"),
        ("/db?host=%40guestlog", "dbname='db' host='@guestlog' hostaddr=''"),
        ("/db?hostaddr=127.0.0.1", "dbname='db' hostaddr='127.0.0.1' host=''"),
        ("localhost,[::1]:2,127.0.0.1/db", "host='localhost,::1,127.0.0.1' port=',2,' dbname='db' hostaddr=''"),
        ("localhost?dbname=db", "host='localhost' dbname='db' hostaddr=''"),
    ];
    for (rest, expected) in local {
        for has_tls in [true, false] {
            let conninfo = parse(rest, has_tls).unwrap();
            assert_eq!(conninfo.expose(), format!("{expected} {PINNED}"), "{rest}");
        }
    }
    for mode in ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] {
        assert!(read(&format!("localhost/db?sslmode={mode}")).contains(&format!("sslmode='{mode}'")), "{mode}");
    }
}

#[test]
fn another_host_is_reached_by_verified_tls_or_not_at_all() {
    let elsewhere = [
        "db.example/db",
        "10.0.0.1",
        "0.0.0.0/db",
        "127.1/db",
        "[2001:db8::1]:5432/db",
        "localhost.example/db",
        "localhost,db.example/db",
        "db.example,localhost/db",
        "localhost%2Cdb.example/db",
        "/db?host=db.example",
        "/db?%68ost=db.example",
        "/db?host=/run/postgresql,db.example",
        "localhost/db?hostaddr=10.0.0.1",
        "localhost,localhost/db?hostaddr=127.0.0.1%2C10.0.0.1",
        "db.example/db?hostaddr=127.0.0.1",
        "user:secret@db.example/db",
        "%6C%6F%63%61%6C%68%6F%73%74%2E/db",
        " localhost/db",
    ];
    for rest in elsewhere {
        let and = if rest.contains('?') { '&' } else { '?' };
        assert_eq!(refused(rest, false), UrlError::NeedsFeature, "{rest}");
        assert!(read(rest).contains("sslmode='verify-full'"), "{rest}");
        assert!(read(&format!("{rest}{and}sslmode=verify-full")).contains("sslmode='verify-full'"), "{rest}");
        for mode in ["disable", "allow", "prefer", "require", "verify-ca"] {
            let rest = format!("{rest}{and}sslmode={mode}");
            assert_eq!(refused(&rest, true), UrlError::WeakTls, "{rest}");
            assert_eq!(refused(&rest, false), UrlError::NeedsFeature, "{rest}");
        }
    }
}

#[test]
fn a_mode_that_the_build_lacks_is_refused_by_name() {
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(refused(&format!("localhost/db?sslmode={mode}"), false), UrlError::NeedsFeature, "{mode}");
    }
    for mode in ["", "off", "VERIFY-FULL", "verify-full "] {
        let read = parse(&format!("localhost/db?sslmode={mode}"), true).map(|_| ());
        assert_eq!(read, if mode.is_empty() { Ok(()) } else { Err(UrlError::SslMode) }, "{mode:?}");
    }
    assert!(read("db.example/db?sslmode=").contains("sslmode='verify-full'"));
}

#[test]
fn user_and_password_are_decoded_and_quoted() {
    assert_eq!(
        read("us%40er:p%40s%3As%2F'%5C+%25@localhost/d%20b"),
        format!(r"user='us@er' password='p@s:s/\'\\+%' host='localhost' dbname='d b' hostaddr='' {PINNED}")
    );
    assert_eq!(read("user@/db"), format!("user='user' dbname='db' host='' hostaddr='' {PINNED}"));
    assert_eq!(read(":a:b@/"), format!("password='a:b' host='' hostaddr='' {PINNED}"));
}

#[test]
fn what_two_readers_could_read_in_two_ways_is_refused() {
    let malformed = [
        "user:se@cret@localhost/db",
        "user:12/se@localhost/db",
        "user:12?se=@localhost/db",
        "user:se/cret@localhost/db",
        "user:se?cret@localhost/db",
        "localhost/db@db.example",
        "::1/db",
        "[::1/db",
        "[]/db",
        "[::1]x/db",
        "localhost:54x/db",
        "localhost:-1/db",
        "local%host/db",
        "local%4/db",
        "localhost/%ff",
        "localhost/%00",
        "localhost/a%0Ab",
        "localhost?sslmode",
        "localhost?options=a=b",
    ];
    for rest in malformed {
        assert_eq!(refused(rest, true), UrlError::Malformed, "{rest}");
    }
    for (rest, name) in [
        ("localhost/db?host=db.example", "host"),
        ("localhost:1/db?port=2", "port"),
        ("u@localhost/db?user=v", "user"),
        ("localhost/db?dbname=other", "dbname"),
        ("db.example/db?sslmode=verify-full&sslmode=disable", "sslmode"),
    ] {
        assert_eq!(refused(rest, true), UrlError::Twice(name), "{rest}");
    }
    for name in ["service", "requiressl", "ssl", "sslkeylogfile", "ssl_min_protocol_version", "Host", "secret"] {
        assert_eq!(refused(&format!("localhost/db?{name}=1"), true), UrlError::Parameter, "{name}");
    }
}

#[test]
fn nothing_shows_user_or_password() {
    let rest = "ford:zaphod@db.example:5433/guestlog?sslpassword=trillian&options=-csearch_path%3Dmarvin";
    let conninfo = parse(rest, true).unwrap();
    let place = "host='db.example' port='5433' dbname='guestlog' sslmode='verify-full' hostaddr=''";
    assert_eq!(conninfo.redacted(), place);
    assert_eq!(format!("{conninfo:?}"), format!("Conninfo({place:?})"));
    for secret in ["ford", "zaphod", "trillian", "marvin"] {
        assert!(conninfo.expose().contains(secret));
    }
    for rest in ["zaphod:zaphod@zaphod@localhost/db", "u:p@localhost?zaphod=1", "u:p@localhost?sslmode=zaphod"] {
        let error = refused(rest, true);
        assert!(!format!("{error} {error:?}").contains("zaphod"), "{rest}");
    }
}
