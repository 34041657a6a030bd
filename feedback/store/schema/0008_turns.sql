-- turns: what the model was shown before a question, so that another answer, a
-- follow-up and reviewers know of it. Answers of ours are named, not repeated.
CREATE TABLE turns (
    ask_id     TEXT    NOT NULL, -- the ask whose question it was shown with; asks that answer it once more share it
    place      INTEGER NOT NULL, -- its place, from 1; 0 is the question itself, without its text
    owner      TEXT    NOT NULL, -- pseudonym of whose words it holds; '' for none
    message_id TEXT    NOT NULL, -- Discord message that says it; '' for none
    turn       TEXT    NOT NULL, -- JSON; '' when the message was deleted or its owner forgotten
    asked_at   BIGINT  NOT NULL, -- when the question was asked
    PRIMARY KEY (ask_id, place)
);
CREATE INDEX turns_owner ON turns (owner) WHERE owner <> '';
CREATE INDEX turns_message ON turns (message_id) WHERE message_id <> '';
CREATE INDEX turns_asked ON turns (asked_at);
