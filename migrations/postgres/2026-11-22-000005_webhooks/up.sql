-- Where a customer wants to be told. An address may hold a secret, so it is sealed under the customer's key.
CREATE TABLE webhook_endpoints (
    customer_id     bigint NOT NULL,
    id              bigint NOT NULL,
    public_id       uuid NOT NULL,
    url_sealed      bytea NOT NULL,
    key_version     integer NOT NULL,
    description     text,
    topics          text NOT NULL,
    created_at      timestamptz NOT NULL,
    disabled_at     timestamptz,
    disabled_reason smallint,
    failing_since   timestamptz,
    failures        integer NOT NULL,
    closed_at       timestamptz,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- What signs for an endpoint; two overlap while one takes over.
CREATE TABLE webhook_secrets (
    customer_id   bigint NOT NULL,
    endpoint_id   bigint NOT NULL,
    id            bigint NOT NULL,
    secret_sealed bytea NOT NULL,
    key_version   integer NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    PRIMARY KEY (customer_id, endpoint_id, id),
    FOREIGN KEY (customer_id, endpoint_id) REFERENCES webhook_endpoints (customer_id, id) ON DELETE CASCADE
);

-- What is told. The body may name a person by the customer's ref: it is sealed, and gone once all have got it.
CREATE TABLE webhook_messages (
    customer_id bigint NOT NULL,
    id          bigint NOT NULL,
    public_id   uuid NOT NULL,
    topic       smallint NOT NULL,
    subject     uuid,
    person_id   bigint,
    body_sealed bytea,
    key_version integer NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, person_id) REFERENCES people (customer_id, id) ON DELETE CASCADE
);

-- A message on its way to one endpoint, and when that said it had got it.
CREATE TABLE webhook_deliveries (
    customer_id     bigint NOT NULL,
    id              bigint NOT NULL,
    public_id       uuid NOT NULL,
    message_id      bigint NOT NULL,
    endpoint_id     bigint NOT NULL,
    state           smallint NOT NULL,
    attempts        integer NOT NULL,
    queued_at       timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    attempted_at    timestamptz,
    status          smallint,
    fault           smallint,
    acknowledged_at timestamptz,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, public_id),
    FOREIGN KEY (customer_id, message_id) REFERENCES webhook_messages (customer_id, id) ON DELETE CASCADE,
    FOREIGN KEY (customer_id, endpoint_id) REFERENCES webhook_endpoints (customer_id, id) ON DELETE CASCADE
);

CREATE INDEX webhook_messages_of_person ON webhook_messages (customer_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX webhook_messages_by_subject ON webhook_messages (customer_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX webhook_messages_by_time ON webhook_messages (customer_id, created_at);
CREATE INDEX webhook_messages_held ON webhook_messages (customer_id, key_version) WHERE body_sealed IS NOT NULL;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (customer_id, endpoint_id, state, due_at);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (customer_id, endpoint_id, id, state);
CREATE INDEX webhook_deliveries_of_message ON webhook_deliveries (customer_id, message_id, state);

-- Column statistics would keep values after their rows are gone, and say nothing of ciphertext.
ALTER TABLE webhook_endpoints ALTER COLUMN url_sealed SET STATISTICS 0;
ALTER TABLE webhook_secrets ALTER COLUMN secret_sealed SET STATISTICS 0;
ALTER TABLE webhook_messages ALTER COLUMN body_sealed SET STATISTICS 0;
