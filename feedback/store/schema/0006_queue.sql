-- Which states of an item a backend may have although its answer was lost, and
-- a queue that is read in the order in which things become due.
ALTER TABLE deliveries ADD COLUMN unclear_rev BIGINT NOT NULL DEFAULT 0; -- first revision tried since the last success
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (backend, due_at) WHERE due_at IS NOT NULL;
