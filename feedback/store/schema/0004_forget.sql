-- What is looked for when somebody's data, or a server's, has to go.

CREATE INDEX responses_asker ON responses (asker);
CREATE INDEX responses_guild ON responses (guild_id);
CREATE INDEX responses_finished ON responses (finished_at);
CREATE INDEX asks_asker ON asks (asker);
CREATE INDEX asks_guild ON asks (guild_id);
CREATE INDEX submissions_rater ON submissions (rater);
CREATE INDEX submissions_updated ON submissions (updated_at);
CREATE INDEX history_rater ON submission_history (rater);
CREATE INDEX deliveries_rater ON deliveries (rater);
CREATE INDEX reservations_asker ON reservations (asker);
