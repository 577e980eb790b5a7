-- A notice that a post was set aside has a button that retries it. The post may be gone by then.
ALTER TABLE posts ADD COLUMN refused_post_id INTEGER;
