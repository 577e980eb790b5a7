-- What a source states about a paper's publication besides venue and date, as JSON: the type of its
-- entry, volume, number, pages, publisher and so on. What isn't stated isn't there.
ALTER TABLE papers ADD COLUMN publication TEXT NOT NULL DEFAULT '{}';
