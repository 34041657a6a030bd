-- What reviewers do: who is in, what waits for them, and what each has done.

-- review_tokens: links that open the pages once, and sessions. The secret itself
-- is with whoever holds it.
CREATE TABLE review_tokens (
    hash       TEXT   PRIMARY KEY, -- SHA-256 of the secret
    kind       TEXT   NOT NULL,    -- link or session
    rater      TEXT   NOT NULL,    -- pseudonym of the reviewer
    sealed     TEXT   NOT NULL,    -- the reviewer's Discord id, encrypted with a key that follows from the secret
    expires_at BIGINT NOT NULL     -- when it ends
);
CREATE INDEX review_tokens_rater ON review_tokens (rater);
CREATE INDEX review_tokens_expires ON review_tokens (expires_at);

-- review_queue: what waits for reviewers, and why it is there.
CREATE TABLE review_queue (
    response_id TEXT    NOT NULL, -- what is to be reviewed
    queue       TEXT    NOT NULL, -- bad, disputed or sample
    guild_id    TEXT    NOT NULL, -- as in responses
    channel_id  TEXT    NOT NULL, -- as in responses
    asker       TEXT    NOT NULL, -- as in responses
    since       BIGINT  NOT NULL, -- since when it waits
    probability DOUBLE PRECISION NOT NULL, -- with which it came in; 1 but for a random sample
    missing     INTEGER NOT NULL, -- how many verdicts it still lacks
    PRIMARY KEY (response_id, queue)
);
CREATE INDEX review_queue_open ON review_queue (queue, guild_id, since, response_id) WHERE missing > 0;
CREATE INDEX review_queue_asker ON review_queue (asker);
CREATE INDEX review_queue_since ON review_queue (since);

-- reviews: what one reviewer has done about one response. Nobody writes in
-- another's row. A verdict is in submissions as well, and goes to the backends
-- from there.
CREATE TABLE reviews (
    response_id   TEXT    NOT NULL, -- what is reviewed
    reviewer      TEXT    NOT NULL, -- pseudonym of who reviews
    state         TEXT    NOT NULL, -- open, skipped or done
    revision      BIGINT  NOT NULL, -- grows with every change, so that two tabs notice each other
    claimed_until BIGINT  NOT NULL, -- until when nobody else is given it; 0 when given back
    rating        INTEGER NOT NULL, -- 0 when not chosen yet
    kind          TEXT    NOT NULL, -- as in submissions
    reasons       TEXT    NOT NULL, -- JSON array
    explanation   TEXT    NOT NULL, -- why
    expected      TEXT    NOT NULL, -- what it should have said
    queue         TEXT    NOT NULL, -- where it came from; '' when opened by a link
    probability   DOUBLE PRECISION NOT NULL, -- of the queue; 0 when opened by a link
    first_rating  INTEGER NOT NULL, -- the verdict before others' were shown; 0 for none yet
    first_at      BIGINT  NOT NULL, -- when that was; 0 for not yet
    changed       INTEGER NOT NULL, -- 1 when the verdict was changed after others' were shown
    began_at      BIGINT  NOT NULL, -- when it was opened
    updated_at    BIGINT  NOT NULL, -- latest change
    PRIMARY KEY (response_id, reviewer)
);
CREATE INDEX responses_search ON responses (guild_id, id);
CREATE INDEX reviews_reviewer ON reviews (reviewer, updated_at);
CREATE INDEX reviews_done ON reviews (updated_at, reviewer) WHERE state = 'done';
CREATE INDEX reviews_texts ON reviews (updated_at) WHERE explanation <> '' OR expected <> '';
