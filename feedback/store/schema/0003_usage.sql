-- What answers cost, by day, so that a budget holds across a crash.

-- usage: sums that are asked for often.
CREATE TABLE usage (
    day       TEXT   NOT NULL, -- in UTC, such as 2026-01-31
    scope     TEXT   NOT NULL, -- all, server:ID or member:PSEUDONYM
    questions BIGINT NOT NULL, -- how many were asked
    tokens    BIGINT NOT NULL, -- read and written, with what is reserved
    cost      BIGINT NOT NULL, -- millionths of a US dollar, with what is reserved
    PRIMARY KEY (day, scope)
);

-- reservations: what was set aside for an answer before the model was asked.
CREATE TABLE reservations (
    ask_id   TEXT    PRIMARY KEY, -- the question
    day      TEXT    NOT NULL,    -- the day it counts for
    guild_id TEXT    NOT NULL,    -- '' in a direct message
    asker    TEXT    NOT NULL,    -- pseudonym of who asked
    tokens   BIGINT  NOT NULL,    -- set aside, or used
    cost     BIGINT  NOT NULL,    -- set aside, or used
    settled  INTEGER NOT NULL     -- 1 when what was used is known
);
CREATE INDEX reservations_day ON reservations (day);
