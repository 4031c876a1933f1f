-- What a search looked at: the filters it was made with, as JSON, and how many custody images they left. Null on
-- searches made before, which looked at all of the gallery.
ALTER TABLE held.searches ADD COLUMN filters VARCHAR;
ALTER TABLE held.searches ADD COLUMN images_searched BIGINT;
