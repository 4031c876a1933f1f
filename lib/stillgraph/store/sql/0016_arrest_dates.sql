-- What a table of arrests may say besides: the day of the disposal, and from when to when the person was held for it.
ALTER TABLE held.arrests ADD COLUMN disposed_on DATE;
ALTER TABLE held.arrests ADD COLUMN custody_from DATE;
ALTER TABLE held.arrests ADD COLUMN released_on DATE;
