-- How the faces of a search together were taken as one: by the mean of their templates, or by each person's best score.
ALTER TABLE held.searches ADD COLUMN combined VARCHAR;
UPDATE held.searches SET combined = 'mean' WHERE together;
