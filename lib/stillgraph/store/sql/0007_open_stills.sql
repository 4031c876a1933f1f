-- When a custody image was compared with the faces of open stills; null: not yet, so nothing enrolled before is lost.
ALTER TABLE held.custody_images ADD COLUMN compared_at TIMESTAMPTZ;

-- What made a search but an officer's asking for it: the enrolment of custody images. Its lists are judged anew.
ALTER TABLE held.searches ADD COLUMN occasion VARCHAR;
