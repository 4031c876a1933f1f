-- What a custody manifest may say besides of an image: whose it is, where the person was in custody, why it may be held.
ALTER TABLE held.custody_images ADD COLUMN force VARCHAR;
ALTER TABLE held.custody_images ALTER COLUMN force SET DATA TYPE VARCHAR USING ('');
ALTER TABLE held.custody_images ALTER COLUMN force SET DEFAULT '';
ALTER TABLE held.custody_images ADD COLUMN area VARCHAR;
ALTER TABLE held.custody_images ALTER COLUMN area SET DATA TYPE VARCHAR USING ('');
ALTER TABLE held.custody_images ALTER COLUMN area SET DEFAULT '';
ALTER TABLE held.custody_images ADD COLUMN basis VARCHAR;
ALTER TABLE held.custody_images ALTER COLUMN basis SET DATA TYPE VARCHAR USING ('');
ALTER TABLE held.custody_images ALTER COLUMN basis SET DEFAULT '';
