-- A search by codes checks some faces of the case more, and adds what it found to the tally of the searches before it.
ALTER TABLE held.gallery_checks ADD COLUMN by_search BOOLEAN;
ALTER TABLE held.gallery_checks ALTER COLUMN by_search SET DATA TYPE BOOLEAN USING (false);
ALTER TABLE held.gallery_checks ALTER COLUMN by_search SET DEFAULT false;
