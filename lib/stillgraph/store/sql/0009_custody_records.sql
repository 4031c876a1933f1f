-- What a custody manifest may say besides of an image: whose it is, where the person was in custody, why it may be held.
ALTER TABLE held.custody_images ADD COLUMN force VARCHAR DEFAULT '';
ALTER TABLE held.custody_images ADD COLUMN area VARCHAR DEFAULT '';
ALTER TABLE held.custody_images ADD COLUMN basis VARCHAR DEFAULT '';
