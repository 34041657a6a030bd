-- What people do with an answer besides rating it: have it written again, or
-- delete it or its question.

ALTER TABLE asks ADD COLUMN alternative_of TEXT NOT NULL DEFAULT ''; -- see responses
CREATE INDEX asks_response ON asks (response_id);
CREATE INDEX asks_channel ON asks (channel_id);

ALTER TABLE responses ADD COLUMN alternative_of TEXT NOT NULL DEFAULT ''; -- the response that this one was written in place of; '' for none
ALTER TABLE responses ADD COLUMN removed INTEGER NOT NULL DEFAULT 0; -- 1 when its question or a message of it was deleted: it leaves the conversation
CREATE INDEX responses_ask ON responses (ask_id);
