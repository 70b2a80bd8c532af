-- Where a person has the file of a case sent to, and how far that is, sealed until it is of no more use; when it arrived.
CREATE TABLE case_transfers (
    customer_id bigint NOT NULL,
    case_id     bigint NOT NULL,
    sealed      bytea,
    arrived_at  timestamptz,
    PRIMARY KEY (customer_id, case_id),
    FOREIGN KEY (customer_id, case_id) REFERENCES cases (customer_id, id) ON DELETE CASCADE
);

ALTER TABLE case_transfers ALTER COLUMN sealed SET STATISTICS 0;
