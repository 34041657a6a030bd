-- One schema for SQLite and Postgres. Times are Unix milliseconds in UTC, ids
-- are text as Discord or we write them, booleans are 0 or 1.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY, -- what is kept
    value TEXT NOT NULL     -- its value
);

-- asks: every question taken, from the moment it is taken. The primary key is
-- what keeps one question from being answered twice.
CREATE TABLE asks (
    id              TEXT   PRIMARY KEY, -- Discord id of the message or interaction that asked
    response_id     TEXT   NOT NULL,    -- id the answer will have
    state           TEXT   NOT NULL,    -- open, answered (text is stored, messages may be missing), failed (a notice is due), done
    guild_id        TEXT   NOT NULL,    -- '' in a direct message
    channel_id      TEXT   NOT NULL,    -- where the question stands
    asker           TEXT   NOT NULL,    -- pseudonym of who asked
    token           TEXT   NOT NULL,    -- interaction token to answer with; '' for a message, and as soon as the ask is done
    conversation_id TEXT   NOT NULL,    -- see responses
    parent_id       TEXT   NOT NULL,    -- see responses
    question        TEXT   NOT NULL,    -- what the person wrote; '' as soon as the ask is done
    asked_at        BIGINT NOT NULL     -- when it was asked
);
CREATE INDEX asks_unfinished ON asks (asked_at) WHERE state <> 'done';
CREATE INDEX asks_recent ON asks (asked_at);
CREATE INDEX asks_direct ON asks (asked_at) WHERE guild_id = '';

-- messages: which Discord message shows which part of which response.
CREATE TABLE messages (
    id          TEXT    PRIMARY KEY, -- Discord message id
    ask_id      TEXT    NOT NULL,    -- the ask it answers
    response_id TEXT    NOT NULL,    -- the response it shows
    part        INTEGER NOT NULL     -- its place in the answer, from 0
);
CREATE INDEX messages_ask ON messages (ask_id, part);

-- responses: one row for each monitored answer.
CREATE TABLE responses (
    id              TEXT   PRIMARY KEY, -- response_id, a UUIDv7
    rev             BIGINT NOT NULL,    -- grows with every change that backends should see
    ask_id          TEXT   NOT NULL,    -- the ask it answers
    guild_id        TEXT   NOT NULL,    -- '' in a direct message
    channel_id      TEXT   NOT NULL,    -- where it stands
    asker           TEXT   NOT NULL,    -- pseudonym of who asked
    conversation_id TEXT   NOT NULL,    -- first response of the reply chain, or a direct-message channel's pseudonym
    parent_id       TEXT   NOT NULL,    -- the response this one follows; '' for the first
    question        TEXT   NOT NULL,    -- what the person wrote
    answer          TEXT   NOT NULL,    -- the complete text
    context         TEXT   NOT NULL,    -- JSON array of texts fetched for the answer
    model           TEXT   NOT NULL,    -- model that answered
    provider        TEXT   NOT NULL,    -- host name of the provider
    prompt_version  TEXT   NOT NULL,    -- short hash of the system prompt
    finish          TEXT   NOT NULL,    -- stop, length, content_filter, refusal, cut
    input_tokens    BIGINT NOT NULL,    -- 0 when unknown
    output_tokens   BIGINT NOT NULL,    -- 0 when unknown
    cost            DOUBLE PRECISION NOT NULL, -- US dollars; 0 when unknown
    asked_at        BIGINT NOT NULL,    -- when it was asked
    first_text_at   BIGINT NOT NULL,    -- when the first text arrived; 0 if none did
    finished_at     BIGINT NOT NULL     -- when the answer was complete
);
CREATE INDEX responses_conversation ON responses (conversation_id, id);

-- submissions: the feedback as it stands now.
CREATE TABLE submissions (
    response_id   TEXT    NOT NULL, -- what was rated
    rater         TEXT    NOT NULL, -- pseudonym of who rated
    source        TEXT    NOT NULL, -- user or reviewer
    rating        INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5), -- thumbs up is 5, thumbs down is 1
    kind          TEXT    NOT NULL, -- thumbs or stars
    withdrawn     INTEGER NOT NULL, -- 1 when taken back; the rating is then the last one
    by_asker      INTEGER NOT NULL, -- 1 when the rater asked the question
    explanation   TEXT    NOT NULL, -- why; '' when not given
    expected      TEXT    NOT NULL, -- what it should have said; '' when not given
    version       BIGINT  NOT NULL, -- snowflake of the click that set rating; the greatest wins
    texts_version BIGINT  NOT NULL, -- snowflake of the form or undo that set the texts; the greatest wins
    rev           BIGINT  NOT NULL, -- grows with every change that backends should see
    created_at    BIGINT  NOT NULL, -- first vote
    updated_at    BIGINT  NOT NULL, -- latest change
    PRIMARY KEY (response_id, rater, source)
);

-- submission_history: every vote that counted, in order. It holds no texts, so
-- that an explanation taken back is gone.
CREATE TABLE submission_history (
    response_id TEXT    NOT NULL, -- as in submissions
    rater       TEXT    NOT NULL, -- as in submissions
    source      TEXT    NOT NULL, -- as in submissions
    version     BIGINT  NOT NULL, -- snowflake of the click
    rating      INTEGER NOT NULL, -- as in submissions
    kind        TEXT    NOT NULL, -- as in submissions
    withdrawn   INTEGER NOT NULL, -- as in submissions
    at          BIGINT  NOT NULL, -- when it was stored
    PRIMARY KEY (response_id, rater, source, version)
);

-- deliveries: what each backend has got. A row with a due time is work to do.
CREATE TABLE deliveries (
    backend       TEXT    NOT NULL, -- name of the backend
    response_id   TEXT    NOT NULL, -- the response, or the one that was rated
    rater         TEXT    NOT NULL, -- '' for the response itself
    source        TEXT    NOT NULL, -- '' for the response itself
    wanted_rev    BIGINT  NOT NULL, -- revision the backend should have
    delivered_rev BIGINT  NOT NULL, -- revision it has; 0 for none
    remote_id     TEXT    NOT NULL, -- its id there, when the backend gave one
    due_at        BIGINT,           -- when to send next, 2^60 while its response must go first; NULL when there is nothing to send
    leased_until  BIGINT  NOT NULL, -- somebody is sending it until then
    attempts      INTEGER NOT NULL, -- attempts begun since the last success
    strikes       INTEGER NOT NULL, -- failures while the backend took other items
    tried_at      BIGINT  NOT NULL, -- when the last attempt began
    dead          TEXT    NOT NULL, -- why it will not be sent again; '' while alive
    last_error    TEXT    NOT NULL, -- what the last attempt said; '' after a success
    changed_at    BIGINT  NOT NULL, -- when wanted_rev became due; the age of what is undelivered
    PRIMARY KEY (backend, response_id, rater, source)
);
CREATE INDEX deliveries_due ON deliveries (backend, (rater <> ''), due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (backend) WHERE dead <> '';
