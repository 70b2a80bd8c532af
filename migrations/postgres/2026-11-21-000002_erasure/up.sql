-- Which life of the ref this is: a person whom the customer makes anew after a deletion is another one.
ALTER TABLE people ADD COLUMN epoch integer NOT NULL DEFAULT 1;
-- Since when it lasts; events that happened before are of the life before, and stay refused.
ALTER TABLE people ADD COLUMN epoch_at timestamptz;

-- Whom the customer has deleted: a keyed digest, so that a late event cannot bring the person back.
CREATE TABLE tombstones (
    customer_id bigint NOT NULL,
    digest      bytea NOT NULL CHECK (length(digest) = 32),
    epoch       integer NOT NULL,
    erased_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (customer_id, digest),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Deletions with their signed receipts; nothing here names a person.
CREATE TABLE deletions (
    customer_id       bigint NOT NULL,
    id                bigint NOT NULL,
    public_id         uuid NOT NULL,
    origin            smallint NOT NULL,
    reconciliation_id uuid,
    completed_at      timestamptz NOT NULL,
    refs              bigint NOT NULL,
    people            bigint NOT NULL,
    verified          boolean NOT NULL,
    receipt           text NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Fingerprints of erased ciphertext, by which a search of the raw files can show that it is gone.
CREATE TABLE erasure_marks (
    customer_id bigint NOT NULL,
    id          bigint NOT NULL,
    marks       bytea NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (customer_id, id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- People whose data must be kept but not used (Article 18).
CREATE TABLE restrictions (
    customer_id   bigint NOT NULL,
    person_id     bigint NOT NULL,
    ground        smallint NOT NULL,
    reason_sealed bytea,
    placed_at     timestamptz NOT NULL,
    PRIMARY KEY (customer_id, person_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- Comparisons with the list of people whom the customer still holds.
CREATE TABLE reconciliations (
    customer_id bigint NOT NULL,
    id          bigint NOT NULL,
    public_id   uuid NOT NULL,
    state       smallint NOT NULL,
    dry_run     boolean NOT NULL,
    snapshot_at timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    refs        bigint NOT NULL,
    held        bigint NOT NULL,
    absent      bigint NOT NULL,
    erased      bigint NOT NULL,
    changed     bigint NOT NULL,
    restricted  bigint NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- Whom a running comparison has still to delete.
CREATE TABLE reconciliation_people (
    customer_id       bigint NOT NULL,
    reconciliation_id bigint NOT NULL,
    person_id         bigint NOT NULL,
    PRIMARY KEY (customer_id, reconciliation_id, person_id),
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- Written agreements by which a customer lets data go after a time.
CREATE TABLE retention_agreements (
    customer_id     bigint NOT NULL,
    id              bigint NOT NULL,
    public_id       uuid NOT NULL,
    document_sha256 bytea NOT NULL CHECK (length(document_sha256) = 32),
    parties         text NOT NULL,
    signed_at       timestamptz,
    in_force_from   timestamptz NOT NULL,
    in_force_until  timestamptz,
    people_days     integer,
    visits_days     integer,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- What a customer, or with customer 0 the operator, should know of.
CREATE TABLE notices (
    customer_id bigint NOT NULL,
    id          bigint NOT NULL,
    public_id   uuid NOT NULL,
    kind        text NOT NULL,
    raised_at   timestamptz NOT NULL,
    details     text NOT NULL,
    PRIMARY KEY (customer_id, id)
);

-- Who did what to whose data, without saying whose.
CREATE TABLE audit_entries (
    customer_id bigint NOT NULL,
    id          bigint NOT NULL,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    action      text NOT NULL,
    subject     uuid,
    details     text NOT NULL,
    PRIMARY KEY (customer_id, id)
);

-- Work to be done later: one row a kind, a customer (0 is the service) and a subject.
CREATE TABLE jobs (
    customer_id bigint NOT NULL,
    kind        text NOT NULL,
    subject     bigint NOT NULL,
    due_at      timestamptz NOT NULL,
    leased_to   timestamptz,
    attempts    integer NOT NULL,
    ran_at      timestamptz,
    PRIMARY KEY (customer_id, kind, subject)
);

-- Keys of the service itself, wrapped by the master key, so that another master key can take over.
CREATE TABLE service_keys (
    purpose       text NOT NULL,
    version       integer NOT NULL,
    wrapped       bytea NOT NULL,
    master_key_id text NOT NULL,
    public_key    bytea,
    created_at    timestamptz NOT NULL,
    retired_at    timestamptz,
    PRIMARY KEY (purpose, version)
);

-- Master keys that are or were in use; the keys themselves are in files outside.
CREATE TABLE master_keys (
    id           text NOT NULL,
    created_at   timestamptz NOT NULL,
    retired_at   timestamptz,
    destroyed_at timestamptz,
    PRIMARY KEY (id)
);

-- How far the journal of erasures has been compared with this database.
CREATE TABLE journal_marks (
    journal_id   uuid NOT NULL,
    compared_to  bigint NOT NULL,
    compared_at  timestamptz NOT NULL,
    PRIMARY KEY (journal_id)
);

CREATE INDEX tombstones_by_expiry ON tombstones (customer_id, expires_at);
CREATE INDEX deletions_by_time ON deletions (customer_id, completed_at);
CREATE INDEX reconciliation_people_of_person ON reconciliation_people (customer_id, person_id);
CREATE INDEX jobs_by_time ON jobs (due_at);

-- What the planner would note of these columns is sealed bytes and digests of people (REQUIREMENTS S-44). It needs none
-- of it: they are never compared, or found by equality through an index of their own.
ALTER TABLE people
    ALTER COLUMN ref_index SET STATISTICS 0,
    ALTER COLUMN ref_sealed SET STATISTICS 0,
    ALTER COLUMN wrapped_key SET STATISTICS 0,
    ALTER COLUMN name_sealed SET STATISTICS 0,
    ALTER COLUMN email_sealed SET STATISTICS 0,
    ALTER COLUMN email_index SET STATISTICS 0,
    ALTER COLUMN phone_sealed SET STATISTICS 0,
    ALTER COLUMN phone_index SET STATISTICS 0,
    ALTER COLUMN company_sealed SET STATISTICS 0,
    ALTER COLUMN vehicle_plate_sealed SET STATISTICS 0,
    ALTER COLUMN mirror_sealed SET STATISTICS 0;
ALTER TABLE events
    ALTER COLUMN visit_ref_index SET STATISTICS 0,
    ALTER COLUMN details_sealed SET STATISTICS 0,
    ALTER COLUMN ip_sealed SET STATISTICS 0,
    ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE event_hosts
    ALTER COLUMN details_sealed SET STATISTICS 0;
ALTER TABLE event_recipients
    ALTER COLUMN address_sealed SET STATISTICS 0;
ALTER TABLE visits
    ALTER COLUMN visit_ref_sealed SET STATISTICS 0;
ALTER TABLE restrictions
    ALTER COLUMN reason_sealed SET STATISTICS 0;
ALTER TABLE tombstones
    ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE customer_keys ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE service_keys ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE licenses
    ALTER COLUMN number_index SET STATISTICS 0,
    ALTER COLUMN number_sealed SET STATISTICS 0;
ALTER TABLE idempotency_keys
    ALTER COLUMN key_digest SET STATISTICS 0,
    ALTER COLUMN request_digest SET STATISTICS 0,
    ALTER COLUMN answer_sealed SET STATISTICS 0;
