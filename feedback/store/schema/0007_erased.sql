-- What was erased stays erased in whatever order things happen, and no statement
-- looks through a table that grows.
ALTER TABLE asks ADD COLUMN removed INTEGER NOT NULL DEFAULT 0; -- 1 when the question was deleted: it gets no response any more
ALTER TABLE asks ADD COLUMN source TEXT NOT NULL DEFAULT ''; -- id of the ask whose question it answers once more; '' for its own
ALTER TABLE settings ADD COLUMN guild_id TEXT NOT NULL DEFAULT ''; -- the server that a choice belongs to and goes with; '' for others
UPDATE settings SET guild_id = SUBSTR(name, 9) WHERE name LIKE 'persona\_%' ESCAPE '\' AND EXISTS (SELECT 1 FROM asks WHERE guild_id = SUBSTR(name, 9));
UPDATE settings SET guild_id = SUBSTR(name, 7) WHERE name LIKE 'model\_%' ESCAPE '\' AND EXISTS (SELECT 1 FROM asks WHERE guild_id = SUBSTR(name, 7));
UPDATE settings SET guild_id = (SELECT MIN(guild_id) FROM asks WHERE channel_id = SUBSTR(settings.name, 9))
    WHERE name LIKE 'persona\_%' ESCAPE '\' AND guild_id = '' AND EXISTS (SELECT 1 FROM asks WHERE channel_id = SUBSTR(settings.name, 9) AND guild_id <> '');
UPDATE settings SET guild_id = (SELECT MIN(guild_id) FROM asks WHERE channel_id = SUBSTR(settings.name, 7))
    WHERE name LIKE 'model\_%' ESCAPE '\' AND guild_id = '' AND EXISTS (SELECT 1 FROM asks WHERE channel_id = SUBSTR(settings.name, 7) AND guild_id <> '');
ALTER TABLE erasures ADD COLUMN again_at BIGINT NOT NULL DEFAULT 0; -- when to delete it once more; 0 for never
ALTER TABLE deliveries ADD COLUMN had_rev BIGINT NOT NULL DEFAULT 0; -- revision the backend had before it was made due once more
CREATE INDEX settings_guild ON settings (guild_id) WHERE guild_id <> '';
CREATE INDEX messages_response ON messages (response_id);
CREATE INDEX deliveries_response ON deliveries (response_id);
CREATE INDEX reservations_guild ON reservations (guild_id);
CREATE INDEX usage_scope ON usage (scope, day);
CREATE INDEX asks_texts ON asks (asked_at) WHERE question <> '';
CREATE INDEX responses_texts ON responses (finished_at) WHERE question <> '' OR answer <> '' OR context NOT IN ('[]', 'null');
CREATE INDEX submissions_texts ON submissions (updated_at) WHERE explanation <> '' OR expected <> '';
