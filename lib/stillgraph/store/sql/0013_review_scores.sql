-- The scores of a trial's list, in its order, for where the policy shows scores; null on lists made before, which no trial
-- is made of then.
ALTER TABLE held.trial_lists ADD COLUMN scores DOUBLE[];
