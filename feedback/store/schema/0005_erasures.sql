-- erasures: what is still to be deleted at backends because somebody asked to be
-- forgotten.
CREATE TABLE erasures (
    backend TEXT   NOT NULL, -- name of the backend
    item    TEXT   NOT NULL, -- what it is there, in the backend's own words; names nobody
    due_at  BIGINT NOT NULL, -- when to try next
    PRIMARY KEY (backend, item)
);
CREATE INDEX erasures_due ON erasures (backend, due_at);
