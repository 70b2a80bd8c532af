//! The columns of the product's own tables that a straightforward server fills.

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    customers (id) {
        id -> BigInt,
        public_id -> Identifier,
        name -> Text,
        time_zone -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    licenses (customer_id, id) {
        customer_id -> BigInt,
        id -> BigInt,
        public_id -> Identifier,
        number_index -> Binary,
        number_sealed -> Binary,
        key_version -> Integer,
        name -> Text,
        time_zone -> Text,
        issued_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    people (customer_id, id) {
        customer_id -> BigInt,
        id -> BigInt,
        ref_index -> Binary,
        ref_sealed -> Binary,
        wrapped_key -> Binary,
        key_version -> Integer,
        kind -> SmallInt,
        name_sealed -> Nullable<Binary>,
        email_sealed -> Nullable<Binary>,
        email_index -> Nullable<Binary>,
        company_sealed -> Nullable<Binary>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    events (customer_id, id) {
        customer_id -> BigInt,
        id -> BigInt,
        event_id -> Identifier,
        person_id -> BigInt,
        license_id -> BigInt,
        #[sql_name = "type"]
        type_ -> SmallInt,
        occurred_at -> Instant,
        received_at -> Instant,
        device -> Nullable<Text>,
        visit_id -> Nullable<Identifier>,
        details_sealed -> Binary,
        ip_sealed -> Nullable<Binary>,
        digest -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    event_hosts (customer_id, event_key) {
        customer_id -> BigInt,
        event_key -> BigInt,
        person_id -> BigInt,
        license_id -> BigInt,
        occurred_at -> Instant,
        details_sealed -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    event_recipients (customer_id, event_key, position) {
        customer_id -> BigInt,
        event_key -> BigInt,
        position -> SmallInt,
        person_id -> BigInt,
        license_id -> BigInt,
        occurred_at -> Instant,
        channel -> SmallInt,
        address_sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::super::types::{Identifier, Instant};

    visits (customer_id, visit_id) {
        customer_id -> BigInt,
        visit_id -> Identifier,
        person_id -> BigInt,
        license_id -> BigInt,
        state -> SmallInt,
        starts_at -> Instant,
        arrived_at -> Nullable<Instant>,
        departed_at -> Nullable<Instant>,
        device -> Nullable<Text>,
        updated_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(event_hosts, event_recipients, events, people, visits);
