-- What the gallery's index is brought to agree by: one revision for each change of custody images, its mark drawn at
-- random, the counts as it left them, and the images it touched.
CREATE TABLE held.gallery_revisions (
    revision BIGINT NOT NULL,
    mark     VARCHAR NOT NULL,
    images   BIGINT NOT NULL,
    nominals BIGINT NOT NULL
);
CREATE TABLE held.gallery_changes (
    revision         BIGINT NOT NULL,
    custody_image_id VARCHAR NOT NULL
);

-- A manifest is taken in by batches, each committed by itself; fewer rows done than read are one that was interrupted.
ALTER TABLE held.deliveries ADD COLUMN rows_done BIGINT;
ALTER TABLE held.deliveries ALTER COLUMN rows_done SET DATA TYPE BIGINT USING (rows_read);
