-- The companies on whose behalf guest data are kept.
CREATE TABLE customers (
    id         bigint NOT NULL,
    public_id  uuid NOT NULL,
    name       text NOT NULL,
    time_zone  text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (public_id)
);

-- A customer's keys, wrapped by the master key: purpose 1 seals, 2 indexes.
CREATE TABLE customer_keys (
    customer_id   bigint NOT NULL,
    purpose       smallint NOT NULL,
    version       integer NOT NULL,
    wrapped       bytea NOT NULL,
    master_key_id text NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (customer_id, purpose, version),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Guest-system licences: one site each, with its hours.
CREATE TABLE licenses (
    customer_id           bigint NOT NULL,
    id                    bigint NOT NULL,
    public_id             uuid NOT NULL,
    number_index          bytea NOT NULL,
    number_sealed         bytea NOT NULL,
    key_version           integer NOT NULL,
    name                  text NOT NULL,
    time_zone             text NOT NULL,
    overdue_after_minutes integer,
    closes_at             text,
    issued_at             timestamptz NOT NULL,
    revoked_at            timestamptz,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, number_index),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Credentials; the secret itself is never stored. A key without customer is the operator's.
CREATE TABLE api_keys (
    key_id        text NOT NULL,
    customer_id   bigint,
    license_id    bigint,
    secret_digest bytea NOT NULL,
    scopes        text NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    last_used_day timestamptz,
    PRIMARY KEY (key_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, license_id) REFERENCES licenses (customer_id, id) ON DELETE CASCADE
);

-- Guests, hosts and recipients; every personal field sealed under the person's own key.
CREATE TABLE people (
    customer_id          bigint NOT NULL,
    id                   bigint NOT NULL,
    ref_index            bytea NOT NULL,
    ref_sealed           bytea NOT NULL,
    wrapped_key          bytea NOT NULL,
    key_version          integer NOT NULL,
    kind                 smallint NOT NULL,
    kind_at              timestamptz,
    name_sealed          bytea,
    email_sealed         bytea,
    email_index          bytea,
    phone_sealed         bytea,
    phone_index          bytea,
    company_sealed       bytea,
    vehicle_plate_sealed bytea,
    mirror_sealed        bytea,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, ref_index),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- What the guest systems posted, never overwritten.
CREATE TABLE events (
    customer_id     bigint NOT NULL,
    id              bigint NOT NULL,
    event_id        uuid NOT NULL,
    person_id       bigint NOT NULL,
    license_id      bigint NOT NULL,
    type            smallint NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    expected_at     timestamptz,
    device          text,
    visit_ref_index bytea,
    visit_id        uuid,
    details_sealed  bytea NOT NULL,
    ip_sealed       bytea,
    origin          smallint,
    reason          smallint,
    corrects        uuid,
    superseded_by   uuid,
    digest          bytea NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, event_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, license_id) REFERENCES licenses (customer_id, id)
);

-- Who was visited: the host's own row, so that erasing the guest leaves it whole.
CREATE TABLE event_hosts (
    customer_id    bigint NOT NULL,
    event_key      bigint NOT NULL,
    person_id      bigint NOT NULL,
    license_id     bigint NOT NULL,
    occurred_at    timestamptz NOT NULL,
    details_sealed bytea NOT NULL,
    PRIMARY KEY (customer_id, event_key),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- Who was notified: the recipient's own row.
CREATE TABLE event_recipients (
    customer_id    bigint NOT NULL,
    event_key      bigint NOT NULL,
    position       smallint NOT NULL,
    person_id      bigint NOT NULL,
    license_id     bigint NOT NULL,
    occurred_at    timestamptz NOT NULL,
    channel        smallint NOT NULL,
    address_sealed bytea,
    status         smallint,
    PRIMARY KEY (customer_id, event_key, position),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- What the events add up to; rebuilt from them whenever one arrives.
CREATE TABLE visits (
    customer_id      bigint NOT NULL,
    visit_id         uuid NOT NULL,
    person_id        bigint NOT NULL,
    license_id       bigint NOT NULL,
    state            smallint NOT NULL,
    starts_at        timestamptz NOT NULL,
    visit_ref_sealed bytea,
    expected_at      timestamptz,
    arrived_at       timestamptz,
    departed_at      timestamptz,
    cancelled_at     timestamptz,
    denied_at        timestamptz,
    reason           smallint,
    device           text,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (customer_id, visit_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, license_id) REFERENCES licenses (customer_id, id)
);

-- Check-in devices, so that the roll call can say which entrance is silent.
CREATE TABLE devices (
    customer_id   bigint NOT NULL,
    id            bigint NOT NULL,
    name          text NOT NULL,
    license_id    bigint,
    app_version   text,
    queued_events integer,
    heartbeat_at  timestamptz,
    event_at      timestamptz,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, name),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Answers kept for a retry, sealed, seven days; customer 0 is the operator.
CREATE TABLE idempotency_keys (
    customer_id    bigint NOT NULL,
    key_digest     bytea NOT NULL,
    request_digest bytea NOT NULL,
    status         smallint NOT NULL,
    answer_sealed  bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (customer_id, key_digest)
);

CREATE INDEX events_of_person ON events (customer_id, person_id, occurred_at);
CREATE INDEX events_by_time ON events (customer_id, occurred_at, id);
CREATE INDEX events_correcting ON events (customer_id, corrects) WHERE corrects IS NOT NULL;
CREATE INDEX event_hosts_of_person ON event_hosts (customer_id, person_id);
CREATE INDEX event_recipients_of_person ON event_recipients (customer_id, person_id);
CREATE INDEX visits_of_person ON visits (customer_id, person_id);
CREATE INDEX visits_by_start ON visits (customer_id, starts_at, visit_id);
CREATE INDEX visits_by_arrival ON visits (customer_id, license_id, arrived_at);
CREATE INDEX people_by_email ON people (customer_id, email_index) WHERE email_index IS NOT NULL;
CREATE INDEX people_by_phone ON people (customer_id, phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX api_keys_of_customer ON api_keys (customer_id);
-- SQLite keeps the same counter in a table of this name.
CREATE SEQUENCE id_blocks;
