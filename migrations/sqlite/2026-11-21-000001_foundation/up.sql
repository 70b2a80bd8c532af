-- The companies on whose behalf guest data are kept.
CREATE TABLE customers (
    id         INTEGER NOT NULL,
    public_id  BLOB NOT NULL CHECK (length(public_id) = 16),
    name       TEXT NOT NULL,
    time_zone  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (public_id)
) STRICT;

-- A customer's keys, wrapped by the master key: purpose 1 seals, 2 indexes.
CREATE TABLE customer_keys (
    customer_id   INTEGER NOT NULL,
    purpose       INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    wrapped       BLOB NOT NULL,
    master_key_id TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, purpose, version),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Guest-system licences: one site each, with its hours.
CREATE TABLE licenses (
    customer_id           INTEGER NOT NULL,
    id                    INTEGER NOT NULL,
    public_id             BLOB NOT NULL CHECK (length(public_id) = 16),
    number_index          BLOB NOT NULL,
    number_sealed         BLOB NOT NULL,
    key_version           INTEGER NOT NULL,
    name                  TEXT NOT NULL,
    time_zone             TEXT NOT NULL,
    overdue_after_minutes INTEGER,
    closes_at             TEXT,
    issued_at             INTEGER NOT NULL,
    revoked_at            INTEGER,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, number_index),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Credentials; the secret itself is never stored. A key without customer is the operator's.
CREATE TABLE api_keys (
    key_id        TEXT NOT NULL,
    customer_id   INTEGER,
    license_id    INTEGER,
    secret_digest BLOB NOT NULL,
    scopes        TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    revoked_at    INTEGER,
    last_used_day INTEGER,
    PRIMARY KEY (key_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, license_id) REFERENCES licenses (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Guests, hosts and recipients; every personal field sealed under the person's own key.
CREATE TABLE people (
    customer_id          INTEGER NOT NULL,
    id                   INTEGER NOT NULL,
    ref_index            BLOB NOT NULL,
    ref_sealed           BLOB NOT NULL,
    wrapped_key          BLOB NOT NULL,
    key_version          INTEGER NOT NULL,
    kind                 INTEGER NOT NULL,
    kind_at              INTEGER,
    name_sealed          BLOB,
    email_sealed         BLOB,
    email_index          BLOB,
    phone_sealed         BLOB,
    phone_index          BLOB,
    company_sealed       BLOB,
    vehicle_plate_sealed BLOB,
    mirror_sealed        BLOB,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, ref_index),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What the guest systems posted, never overwritten.
CREATE TABLE events (
    customer_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    event_id        BLOB NOT NULL CHECK (length(event_id) = 16),
    person_id       INTEGER NOT NULL,
    license_id      INTEGER NOT NULL,
    type            INTEGER NOT NULL,
    occurred_at     INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    expected_at     INTEGER,
    device          TEXT,
    visit_ref_index BLOB,
    visit_id        BLOB CHECK (length(visit_id) = 16),
    details_sealed  BLOB NOT NULL,
    ip_sealed       BLOB,
    origin          INTEGER,
    reason          INTEGER,
    corrects        BLOB CHECK (length(corrects) = 16),
    superseded_by   BLOB CHECK (length(superseded_by) = 16),
    digest          BLOB NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, event_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, license_id) REFERENCES licenses (customer_id, id)
) STRICT, WITHOUT ROWID;

-- Who was visited: the host's own row, so that erasing the guest leaves it whole.
CREATE TABLE event_hosts (
    customer_id    INTEGER NOT NULL,
    event_key      INTEGER NOT NULL,
    person_id      INTEGER NOT NULL,
    license_id     INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,
    details_sealed BLOB NOT NULL,
    PRIMARY KEY (customer_id, event_key),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Who was notified: the recipient's own row.
CREATE TABLE event_recipients (
    customer_id    INTEGER NOT NULL,
    event_key      INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    person_id      INTEGER NOT NULL,
    license_id     INTEGER NOT NULL,
    occurred_at    INTEGER NOT NULL,
    channel        INTEGER NOT NULL,
    address_sealed BLOB,
    status         INTEGER,
    PRIMARY KEY (customer_id, event_key, position),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What the events add up to; rebuilt from them whenever one arrives.
CREATE TABLE visits (
    customer_id      INTEGER NOT NULL,
    visit_id         BLOB NOT NULL CHECK (length(visit_id) = 16),
    person_id        INTEGER NOT NULL,
    license_id       INTEGER NOT NULL,
    state            INTEGER NOT NULL,
    starts_at        INTEGER NOT NULL,
    visit_ref_sealed BLOB,
    expected_at      INTEGER,
    arrived_at       INTEGER,
    departed_at      INTEGER,
    cancelled_at     INTEGER,
    denied_at        INTEGER,
    reason           INTEGER,
    device           TEXT,
    updated_at       INTEGER NOT NULL,
    PRIMARY KEY (customer_id, visit_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, license_id) REFERENCES licenses (customer_id, id)
) STRICT, WITHOUT ROWID;

-- Check-in devices, so that the roll call can say which entrance is silent.
CREATE TABLE devices (
    customer_id   INTEGER NOT NULL,
    id            INTEGER NOT NULL,
    name          TEXT NOT NULL,
    license_id    INTEGER,
    app_version   TEXT,
    queued_events INTEGER,
    heartbeat_at  INTEGER,
    event_at      INTEGER,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, name),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Answers kept for a retry, sealed, seven days; customer 0 is the operator.
CREATE TABLE idempotency_keys (
    customer_id    INTEGER NOT NULL,
    key_digest     BLOB NOT NULL,
    request_digest BLOB NOT NULL,
    status         INTEGER NOT NULL,
    answer_sealed  BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (customer_id, key_digest)
) STRICT, WITHOUT ROWID;

-- The next block of internal ids: taken in blocks, so that a row knows its id before it is inserted.
CREATE TABLE id_blocks (
    name TEXT NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

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
INSERT INTO id_blocks (name, next) VALUES ('rows', 1);
