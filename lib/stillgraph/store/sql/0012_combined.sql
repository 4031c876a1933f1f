-- How the faces of a search together were taken as one: by the mean of their templates, or by each person's best score.
ALTER TABLE held.searches ADD COLUMN combined VARCHAR;
ALTER TABLE held.searches ALTER COLUMN combined SET DATA TYPE VARCHAR USING (CASE WHEN together THEN 'mean' END);
