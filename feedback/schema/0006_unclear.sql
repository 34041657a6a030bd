-- Which states of an item a backend may have although its answer was lost.
ALTER TABLE deliveries ADD COLUMN unclear_rev BIGINT NOT NULL DEFAULT 0; -- first revision tried since the last success
