-- What a case is known by outside its directory: its keys and the copies of its record's heads carry this number.
INSERT INTO held.settings
SELECT 'case_id', CAST(uuid() AS VARCHAR)
WHERE NOT EXISTS (SELECT 1 FROM held.settings WHERE key = 'case_id');
