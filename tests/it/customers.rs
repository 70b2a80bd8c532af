//! What is known of a customer: named by the operator, sealed, changed field by field, and kept through a rotation.

use crate::harness::{Home, Served, both, key, serve, site};
use crate::program::guestlog;
use crate::raw::Raw;
use guestlog::app::{customers, rotation};
use guestlog::clock::Clock;
use guestlog::domain::locale::Locale;
use serde_json::{Value, json};

fn patch(served: &Served, path: &str, operator: &str, body: &Value) -> (u16, Value) {
    let answer = served.send("PATCH", path, Some(operator), &[], Some(body.to_string().as_bytes()));
    (answer.status, answer.json())
}

#[test]
fn a_contact_is_set_read_removed_and_survives_a_rotation() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&home.open(Clock::System));
        let site = site(&served.app, "L-1");
        let operator = key(&served.app, None, "admin", None);
        let path = format!("/v1/admin/customers/{}", site.customer);
        let before = served.get(&path, &operator).json();
        assert_eq!((&before["locale"], &before["email"], &before["cvr"]), (&json!("da"), &Value::Null, &Value::Null));

        let said = json!({"legal_name": "Nordlys Drift A/S", "contact_name": "Åse Holm", "cvr": "DK 38 95 10 76",
            "address": "Havnegade 1", "postcode_city": "8000 Aarhus C", "email": "sager@nordlys.example",
            "phone": "+45 12 34 56 78", "locale": "en"});
        let (status, changed) = patch(&served, &path, &operator, &said);
        assert_eq!(status, 200, "{changed}");
        let expected = {
            let mut all = before.as_object().unwrap().clone();
            all.extend(said.as_object().unwrap().clone());
            all.insert("cvr".to_owned(), json!("38951076"));
            Value::Object(all)
        };
        assert_eq!(changed, expected);
        let mut raw = Raw::of(&home);
        assert_eq!(raw.count("customers WHERE contact_sealed IS NOT NULL AND key_version = 1"), 1);

        rotation::rotate_customer(&served.app, site.customer).unwrap();
        assert_eq!(raw.count("customers WHERE key_version = 2"), 1);
        assert_eq!(served.get(&path, &operator).json(), expected);
        assert_eq!(served.get("/v1/admin/customers", &operator).json()["data"], json!([expected]));
        let contact = served.app.read_blocking(|view| customers::contact(view, site.id)).unwrap();
        assert_eq!(
            (contact.company(), contact.name.as_str(), contact.locale),
            ("Nordlys Drift A/S", "Kunde", Locale::En)
        );

        // What is left out stays; null removes; an empty contact leaves no seal behind.
        let (_, after) = patch(&served, &path, &operator, &json!({"email": null, "name": "Nordlys"}));
        assert_eq!(
            (&after["email"], &after["name"], &after["phone"]),
            (&Value::Null, &json!("Nordlys"), &said["phone"])
        );
        let none: Value = ["legal_name", "contact_name", "cvr", "address", "postcode_city", "phone"]
            .map(|field| (field.to_owned(), Value::Null))
            .into_iter()
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(patch(&served, &path, &operator, &none).0, 200);
        assert_eq!(raw.count("customers WHERE contact_sealed IS NOT NULL OR key_version IS NOT NULL"), 0);
        let contact = served.app.read_blocking(|view| customers::contact(view, site.id)).unwrap();
        assert_eq!((contact.company(), &contact.details), ("Nordlys", &customers::Details::default()));
    });
}

#[test]
fn what_cannot_be_is_refused_at_its_place() {
    both(|kind| {
        let home = Home::new(kind);
        let served = serve(&home.open(Clock::System));
        let site = site(&served.app, "L-1");
        let operator = key(&served.app, None, "admin", None);
        let path = format!("/v1/admin/customers/{}", site.customer);
        for (field, value, code) in [
            ("cvr", "38951077", "invalid_cvr"),
            ("email", "canary", "invalid_email"),
            ("phone", "canary", "invalid_phone"),
            ("contact_name", "010190-1234", "cpr_number"),
            ("legal_name", "two\nlines", "control_character"),
        ] {
            let (status, problem) = patch(&served, &path, &operator, &json!({field: value}));
            assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!(code)), "{problem}");
            assert_eq!(problem["errors"][0]["pointer"], json!(format!("/{field}")));
            assert!(!problem.to_string().contains(value), "{problem}");
        }
        for body in [json!({"locale": "sv"}), json!({"unknown": 1})] {
            assert_eq!(patch(&served, &path, &operator, &body).0, 422, "{body}");
        }
    });
}

#[test]
fn the_command_line_changes_a_customer_too() {
    both(|kind| {
        let home = Home::new(kind);
        home.open(Clock::System).stop();
        let made = guestlog(&home, &["customer", "create", "--name", "Nordlys", "--json"]).done().json();
        let id = made["id"].as_str().unwrap();
        let fields = ["--cvr", "36622652", "--email", "sager@nordlys.example", "--locale", "en", "--json"];
        let changed = guestlog(&home, &[&["customer", "change", id][..], &fields].concat()).done().json();
        assert_eq!((&changed["cvr"], &changed["locale"]), (&json!("36622652"), &json!("en")));
        let shown = guestlog(&home, &["customer", "show", id]).done();
        assert!(shown.out.contains("sager@nordlys.example") && shown.out.contains("36622652"), "{shown:?}");
        let removed = guestlog(&home, &["customer", "change", id, "--email", "", "--json"]).done().json();
        assert_eq!((&removed["email"], &removed["cvr"]), (&Value::Null, &json!("36622652")));
        assert_eq!(guestlog(&home, &["customer", "change", id]).code, 2, "nothing is to be changed");
        guestlog(&home, &["customer", "change", id, "--cvr", "36622653"]).refused(2, "--cvr");
        guestlog(&home, &["customer", "change", id, "--locale", "sv"]).refused(2, "--locale");
    });
}
