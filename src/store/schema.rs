// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    access_people (customer_id, person_id, access_id) {
        customer_id -> Int8,
        person_id -> Int8,
        access_id -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    accesses (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        key_id -> Text,
        role -> Int2,
        purpose -> Text,
        at -> Timestamptz,
        last_at -> Timestamptz,
        requests -> Int8,
        people -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    api_keys (key_id) {
        key_id -> Text,
        customer_id -> Nullable<Int8>,
        license_id -> Nullable<Int8>,
        secret_digest -> Bytea,
        scopes -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        last_used_day -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    audit_entries (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        subject -> Nullable<Uuid>,
        details -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    case_files (customer_id, case_id, position) {
        customer_id -> Int8,
        case_id -> Int8,
        position -> Int4,
        sealed -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    case_people (customer_id, case_id, person_id) {
        customer_id -> Int8,
        case_id -> Int8,
        person_id -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    case_transfers (customer_id, case_id) {
        customer_id -> Int8,
        case_id -> Int8,
        sealed -> Nullable<Bytea>,
        arrived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    cases (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        request_id -> Nullable<Int8>,
        about -> Nullable<Uuid>,
        asked -> Int2,
        channel -> Int2,
        locale -> Text,
        state -> Int2,
        received_at -> Timestamptz,
        received_on -> Text,
        safe_end_at -> Timestamptz,
        warned_percent -> Int2,
        verified_at -> Nullable<Timestamptz>,
        verified_by -> Nullable<Int2>,
        waited_days -> Int2,
        waiting_since -> Nullable<Timestamptz>,
        extended_at -> Nullable<Timestamptz>,
        extension_ground -> Nullable<Int2>,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Text>,
        decision -> Nullable<Int2>,
        grounds -> Text,
        prepared_at -> Nullable<Timestamptz>,
        released_at -> Nullable<Timestamptz>,
        downloaded_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        receipt_id -> Nullable<Uuid>,
        held_until -> Nullable<Timestamptz>,
        is_held -> Nullable<Bool>,
        asked_sealed -> Nullable<Bytea>,
        reasons_sealed -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    customer_keys (customer_id, purpose, version) {
        customer_id -> Int8,
        purpose -> Int2,
        version -> Int4,
        wrapped -> Bytea,
        master_key_id -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    customers (id) {
        id -> Int8,
        public_id -> Uuid,
        name -> Text,
        time_zone -> Text,
        created_at -> Timestamptz,
        locale -> Text,
        contact_sealed -> Nullable<Bytea>,
        key_version -> Nullable<Int4>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    delegations (customer_id, asked) {
        customer_id -> Int8,
        asked -> Int2,
        document_sha256 -> Bytea,
        instructed_at -> Timestamptz,
        actor -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    deletions (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        origin -> Int2,
        reconciliation_id -> Nullable<Uuid>,
        completed_at -> Timestamptz,
        refs -> Int8,
        people -> Int8,
        verified -> Bool,
        receipt -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    devices (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        name -> Text,
        license_id -> Nullable<Int8>,
        app_version -> Nullable<Text>,
        queued_events -> Nullable<Int4>,
        heartbeat_at -> Nullable<Timestamptz>,
        event_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    erasure_marks (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        marks -> Bytea,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    event_hosts (customer_id, event_key) {
        customer_id -> Int8,
        event_key -> Int8,
        person_id -> Int8,
        license_id -> Int8,
        occurred_at -> Timestamptz,
        details_sealed -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    event_recipients (customer_id, event_key, position) {
        customer_id -> Int8,
        event_key -> Int8,
        position -> Int2,
        person_id -> Int8,
        license_id -> Int8,
        occurred_at -> Timestamptz,
        channel -> Int2,
        address_sealed -> Nullable<Bytea>,
        status -> Nullable<Int2>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    events (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        event_id -> Uuid,
        person_id -> Int8,
        license_id -> Int8,
        #[sql_name = "type"]
        type_ -> Int2,
        occurred_at -> Timestamptz,
        received_at -> Timestamptz,
        expected_at -> Nullable<Timestamptz>,
        device -> Nullable<Text>,
        visit_ref_index -> Nullable<Bytea>,
        visit_id -> Nullable<Uuid>,
        details_sealed -> Bytea,
        ip_sealed -> Nullable<Bytea>,
        origin -> Nullable<Int2>,
        reason -> Nullable<Int2>,
        corrects -> Nullable<Uuid>,
        superseded_by -> Nullable<Uuid>,
        digest -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    holds (customer_id, person_id, public_id) {
        customer_id -> Int8,
        person_id -> Int8,
        public_id -> Uuid,
        ref_digest -> Bytea,
        ground -> Int2,
        law_sealed -> Bytea,
        fields -> Int4,
        placed_at -> Timestamptz,
        ends_at -> Timestamptz,
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    idempotency_keys (customer_id, key_digest) {
        customer_id -> Int8,
        key_digest -> Bytea,
        request_digest -> Bytea,
        status -> Int2,
        answer_sealed -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    jobs (customer_id, kind, subject) {
        customer_id -> Int8,
        kind -> Text,
        subject -> Int8,
        due_at -> Timestamptz,
        leased_to -> Nullable<Timestamptz>,
        attempts -> Int4,
        ran_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    journal_marks (journal_id) {
        journal_id -> Uuid,
        compared_to -> Int8,
        compared_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    licenses (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        number_index -> Bytea,
        number_sealed -> Bytea,
        key_version -> Int4,
        name -> Text,
        time_zone -> Text,
        overdue_after_minutes -> Nullable<Int4>,
        closes_at -> Nullable<Text>,
        issued_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    mails (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        kind -> Text,
        state -> Int2,
        due_at -> Timestamptz,
        give_up_at -> Timestamptz,
        attempts -> Int4,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        content_sealed -> Nullable<Bytea>,
        key_version -> Nullable<Int4>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    master_keys (id) {
        id -> Text,
        created_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
        destroyed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    notices (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        kind -> Text,
        raised_at -> Timestamptz,
        details -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    objections (customer_id, person_id, purpose) {
        customer_id -> Int8,
        person_id -> Int8,
        purpose -> Int2,
        claim -> Int2,
        state -> Int2,
        grounds_sealed -> Nullable<Bytea>,
        received_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    people (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        ref_index -> Bytea,
        ref_sealed -> Bytea,
        wrapped_key -> Bytea,
        key_version -> Int4,
        kind -> Int2,
        kind_at -> Nullable<Timestamptz>,
        name_sealed -> Nullable<Bytea>,
        email_sealed -> Nullable<Bytea>,
        email_index -> Nullable<Bytea>,
        phone_sealed -> Nullable<Bytea>,
        phone_index -> Nullable<Bytea>,
        company_sealed -> Nullable<Bytea>,
        vehicle_plate_sealed -> Nullable<Bytea>,
        mirror_sealed -> Nullable<Bytea>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        epoch -> Int4,
        epoch_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    privacy_requests (id) {
        id -> Int8,
        public_id -> Uuid,
        customer_id -> Nullable<Int8>,
        asked -> Int2,
        locale -> Text,
        received_at -> Timestamptz,
        asked_sealed -> Nullable<Bytea>,
        code_digest -> Nullable<Bytea>,
        code_expires_at -> Nullable<Timestamptz>,
        code_tries -> Int2,
        codes_sent -> Int2,
        verified_at -> Nullable<Timestamptz>,
        token_digest -> Nullable<Bytea>,
        token_expires_at -> Nullable<Timestamptz>,
        passed_on_at -> Nullable<Timestamptz>,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    reconciliation_people (customer_id, reconciliation_id, person_id) {
        customer_id -> Int8,
        reconciliation_id -> Int8,
        person_id -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    reconciliations (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        state -> Int2,
        dry_run -> Bool,
        snapshot_at -> Timestamptz,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        refs -> Int8,
        held -> Int8,
        absent -> Int8,
        erased -> Int8,
        changed -> Int8,
        restricted -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    restrictions (customer_id, person_id) {
        customer_id -> Int8,
        person_id -> Int8,
        ground -> Int2,
        reason_sealed -> Nullable<Bytea>,
        placed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    retention_agreements (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        document_sha256 -> Bytea,
        parties -> Text,
        signed_at -> Nullable<Timestamptz>,
        in_force_from -> Timestamptz,
        in_force_until -> Nullable<Timestamptz>,
        people_days -> Nullable<Int4>,
        visits_days -> Nullable<Int4>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    service_keys (purpose, version) {
        purpose -> Text,
        version -> Int4,
        wrapped -> Bytea,
        master_key_id -> Text,
        public_key -> Nullable<Bytea>,
        created_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    statements (customer_id, person_id) {
        customer_id -> Int8,
        person_id -> Int8,
        text_sealed -> Bytea,
        made_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    tombstones (customer_id, digest) {
        customer_id -> Int8,
        digest -> Bytea,
        epoch -> Int4,
        erased_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    visits (customer_id, visit_id) {
        customer_id -> Int8,
        visit_id -> Uuid,
        person_id -> Int8,
        license_id -> Int8,
        state -> Int2,
        starts_at -> Timestamptz,
        visit_ref_sealed -> Nullable<Bytea>,
        expected_at -> Nullable<Timestamptz>,
        arrived_at -> Nullable<Timestamptz>,
        departed_at -> Nullable<Timestamptz>,
        cancelled_at -> Nullable<Timestamptz>,
        denied_at -> Nullable<Timestamptz>,
        reason -> Nullable<Int2>,
        device -> Nullable<Text>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    webhook_deliveries (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        message_id -> Int8,
        endpoint_id -> Int8,
        state -> Int2,
        attempts -> Int4,
        queued_at -> Timestamptz,
        due_at -> Timestamptz,
        attempted_at -> Nullable<Timestamptz>,
        status -> Nullable<Int2>,
        fault -> Nullable<Int2>,
        acknowledged_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    webhook_endpoints (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        url_sealed -> Bytea,
        key_version -> Int4,
        description -> Nullable<Text>,
        topics -> Text,
        created_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
        disabled_reason -> Nullable<Int2>,
        failing_since -> Nullable<Timestamptz>,
        failures -> Int4,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    webhook_messages (customer_id, id) {
        customer_id -> Int8,
        id -> Int8,
        public_id -> Uuid,
        topic -> Int2,
        subject -> Nullable<Uuid>,
        person_id -> Nullable<Int8>,
        body_sealed -> Nullable<Bytea>,
        key_version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Timestamptz, Uuid};

    webhook_secrets (customer_id, endpoint_id, id) {
        customer_id -> Int8,
        endpoint_id -> Int8,
        id -> Int8,
        secret_sealed -> Bytea,
        key_version -> Int4,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    access_people,
    accesses,
    api_keys,
    case_people,
    cases,
    customer_keys,
    customers,
    devices,
    event_hosts,
    event_recipients,
    events,
    holds,
    idempotency_keys,
    licenses,
    objections,
    people,
    restrictions,
    statements,
    visits,
    webhook_deliveries,
    webhook_endpoints,
    webhook_messages,
);
