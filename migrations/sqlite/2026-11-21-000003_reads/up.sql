-- Who was in at an instant: by how long the stay lasted, in classes of 1, 4, 16, 64, 256, 1024 and 4096 hours, so that the
-- search for each class goes back no further than its stays can have begun. 0 is who has not left. `store/stays.rs` has
-- the same expression.
CREATE INDEX visits_by_stay ON visits (
    customer_id,
    license_id,
    (CASE WHEN departed_at IS NULL THEN 0
         WHEN departed_at - arrived_at <= 3600000000 THEN 1
         WHEN departed_at - arrived_at <= 14400000000 THEN 2
         WHEN departed_at - arrived_at <= 57600000000 THEN 3
         WHEN departed_at - arrived_at <= 230400000000 THEN 4
         WHEN departed_at - arrived_at <= 921600000000 THEN 5
         WHEN departed_at - arrived_at <= 3686400000000 THEN 6
         WHEN departed_at - arrived_at <= 14745600000000 THEN 7
         ELSE 8 END),
    arrived_at,
    departed_at
) WHERE arrived_at IS NOT NULL;
DROP INDEX visits_by_arrival;

-- What else statistics count.
CREATE INDEX visits_by_expectation ON visits (customer_id, license_id, expected_at) WHERE expected_at IS NOT NULL;
CREATE INDEX visits_by_cancellation ON visits (customer_id, license_id, cancelled_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX visits_by_denial ON visits (customer_id, license_id, denied_at) WHERE denied_at IS NOT NULL;

-- The orders of lists, with what the lists are narrowed by: rows that are not wanted are not read.
DROP INDEX events_by_time;
CREATE INDEX events_by_time ON events (customer_id, occurred_at, id, license_id, type);
DROP INDEX visits_by_start;
CREATE INDEX visits_by_start ON visits (customer_id, starts_at, visit_id, license_id, state);
CREATE INDEX people_by_kind ON people (customer_id, kind, id);

-- As in the migration before: what SQLite shall take these indexes for. It forgets what it was told of a dropped one.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('visits', 'visits_by_stay', '450000 450000 225000 50000 2 1'),
    ('visits', 'visits_by_expectation', '100000 100000 50000 2'),
    ('visits', 'visits_by_cancellation', '10000 10000 5000 1'),
    ('visits', 'visits_by_denial', '1000 1000 500 1'),
    ('visits', 'visits_by_start', '500000 500000 2 1 1 1'),
    ('events', 'events_by_time', '1000000 1000000 2 1 1 1'),
    ('people', 'people_by_kind', '100000 100000 33000 1');
ANALYZE sqlite_schema;
