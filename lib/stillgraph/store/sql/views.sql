-- The documented views (docs/views.md): the one public shape of the case file. Templates, landmarks, image digests
-- and reviewers' reasons are not in them. Each is replaced whole at every migration.

CREATE OR REPLACE VIEW main.retailers AS
SELECT s.retailer_id, min(s.retailer) AS retailer, count(*) AS stores,
       (SELECT count(*) FROM held.stills AS t WHERE t.retailer_id = s.retailer_id) AS stills
FROM held.stores AS s
GROUP BY s.retailer_id;

CREATE OR REPLACE VIEW main.stores AS
SELECT store_id, retailer_id, retailer, store, borough, latitude, longitude FROM held.stores;

CREATE OR REPLACE VIEW main.deliveries AS
SELECT d.delivery_id, d.kind, d.retailer_id, d.manifest, d.received_at, d.rows_read, d.rows_done,
       d.rows_done - (SELECT count(*) FROM held.refusals AS r WHERE r.delivery_id = d.delivery_id) AS accepted,
       (SELECT count(*) FROM held.refusals AS r WHERE r.delivery_id = d.delivery_id) AS refused,
       d.elapsed_s
FROM held.deliveries AS d;

CREATE OR REPLACE VIEW main.refusals AS
SELECT r.delivery_id, d.kind, d.retailer_id, r.line, r.image, r.field, r.reason
FROM held.refusals AS r JOIN held.deliveries AS d USING (delivery_id);

CREATE OR REPLACE VIEW main.offences AS
SELECT o.offence_id, o.retailer_id, s.retailer, o.store_id, s.store, s.borough, s.latitude, s.longitude,
       o.occurred_at, o.offence_code, o.offence, o.value_pence, o.violence, o.method, o.how_detected,
       (SELECT count(*) FROM held.stills AS t WHERE t.offence_id = o.offence_id) AS stills
FROM held.offences AS o JOIN held.stores AS s USING (store_id);

CREATE OR REPLACE VIEW main.stills AS
SELECT t.still_id, t.delivery_id, t.retailer_id, t.offence_id, t.image, t.camera, t.captured_at,
       t.width_px, t.height_px, t.line, t.note,
       (SELECT count(*) FROM held.faces AS f WHERE f.image_kind = 'still' AND f.image_id = t.still_id) AS faces,
       EXISTS (SELECT 1 FROM held.searched_stills AS q WHERE q.still_id = t.still_id) AS searched
FROM held.stills AS t;

CREATE OR REPLACE VIEW main.faces AS
SELECT face_id, image_id AS still_id, x, y, width, height, inter_eye_px, sharpness, brightness, contrast,
       frontality, detection_score, roll_degrees, pitch, underexposed, overexposed, jpeg_quality, occlusion,
       detail, band,
       found_by, usable, unusable_reason
FROM held.faces WHERE image_kind = 'still';

CREATE OR REPLACE VIEW main.analysis_runs AS
SELECT run_id, purpose, delivery_id, analysed_at, pack, model, provider, workers, images, elapsed_s, images_per_s
FROM held.analysis_runs;

CREATE OR REPLACE VIEW main.enhancements AS
SELECT enhancement_id, still_id, steps, width_px, height_px, pixels_sha256, software, officer_id, operation_id, made_at,
       (SELECT count(*) FROM held.enhanced_templates AS t WHERE t.enhancement_id = e.enhancement_id) AS faces
FROM held.enhancements AS e;

CREATE OR REPLACE VIEW main.nominals AS
SELECT n.nominal_id, n.name, n.date_of_birth, n.sex, n.ethnicity,
       (SELECT count(*) FROM held.custody_images AS c WHERE c.nominal_id = n.nominal_id) AS custody_images,
       (SELECT count(*) FROM held.arrests AS a WHERE a.nominal_id = n.nominal_id) AS arrests
FROM held.nominals AS n;

CREATE OR REPLACE VIEW main.custody_images AS
SELECT c.custody_image_id, c.nominal_id, c.captured_on, c.custody_ref, c.conviction_status, c.review_due,
       c.width_px, c.height_px,
       EXISTS (SELECT 1 FROM held.faces AS f JOIN held.templates AS t USING (face_id)
               WHERE f.image_kind = 'custody' AND f.image_id = c.custody_image_id) AS searchable,
       c.compared_at, nullif(c.force, '') AS force, nullif(c.area, '') AS area, nullif(c.basis, '') AS basis
FROM held.custody_images AS c;

CREATE OR REPLACE VIEW main.arrests AS
SELECT nominal_id, arrested_on, offence_code, offence, disposal FROM held.arrests;

CREATE OR REPLACE VIEW main.officers AS
SELECT officer_id, role, simulated, added_at FROM held.officers;

CREATE OR REPLACE VIEW main.operations AS
SELECT operation_id, purpose, opened_by, opened_at, until FROM held.operations;

CREATE OR REPLACE VIEW main.searches AS
SELECT s.*, (SELECT count(*) FROM held.probes AS p WHERE p.search_id = s.search_id) AS probes,
       (SELECT count(*) FROM held.searched_stills AS q WHERE q.search_id = s.search_id) AS stills
FROM held.searches AS s;

CREATE OR REPLACE VIEW main.gallery_checks AS
SELECT check_id, officer_id, operation_id, checked_at, model, gallery_size, gallery_version, list_limit, seed, probes,
       lost, differing, upper_bound, bound, upper_bound <= bound AS holds, by_search
FROM held.gallery_checks;

CREATE OR REPLACE VIEW main.alike_searches AS
SELECT face_id, officer_id, operation_id, reason, searched_at, model, faces, gallery_version, filters, faces_searched,
       threshold, list_limit
FROM held.alike_searches;

CREATE OR REPLACE VIEW main.candidates AS
SELECT c.search_id, c.face_id, f.image_id AS still_id, c.rank, c.nominal_id, c.custody_image_id, c.score,
       c.likelihood_ratio
FROM held.candidates AS c JOIN held.faces AS f USING (face_id);

CREATE OR REPLACE VIEW main.calibrations AS
SELECT c.calibration_id, c.model, v.band, v.gallery, v.same, v.same_people, v.different, v.different_people,
       v.parameters, v.checked, v.insufficient, c.gallery AS gallery_searched, c.gallery_version, c.source, c.digest,
       c.retailers, c.method, c.software, c.seed, c.synthetic, c.officer_id, c.operation_id, c.made_at
FROM held.calibrations AS c JOIN held.calibration_curves AS v USING (calibration_id);

CREATE OR REPLACE VIEW main.fpir_thresholds AS
SELECT p.policy_id, p.model, p.fpir, t.band, p.gallery, p.measured_gallery, t.threshold, t.low, t.high, t.searches,
       t.people, t.returned, t.insufficient, p.gallery_version, p.source, p.digest, p.retailers, p.seed, p.synthetic,
       p.officer_id, p.operation_id, p.made_at
FROM held.fpir_policies AS p JOIN held.fpir_thresholds AS t USING (policy_id);

-- The judgements that count: those of a face's lists since an enrolment last put somebody new on one. Earlier ones stay
-- on record and are of a question that was another (docs/decisions/0012).
CREATE OR REPLACE VIEW held.judgements_counting AS
WITH anew AS (
    SELECT p.face_id, max(p.search_id) AS since
    FROM held.probes AS p JOIN held.searches AS s USING (search_id)
    WHERE s.occasion IS NOT NULL AND p.outcome = 'candidates' GROUP BY p.face_id
)
SELECT j.* FROM held.judgements AS j LEFT JOIN anew USING (face_id)
WHERE anew.since IS NULL OR j.search_id >= anew.since;

-- One row a face under review. The outcome follows stillgraph.review: each officer's latest verdict counts; two
-- officers must agree and outnumber every other verdict. tests/store hold the two to each other.
CREATE OR REPLACE VIEW main.reviews AS
WITH latest AS (
    SELECT * FROM held.judgements_counting
    QUALIFY row_number() OVER (PARTITION BY face_id, officer_id ORDER BY sequence DESC) = 1
), votes AS (
    SELECT face_id, CASE WHEN verdict = 'inconclusive' THEN 'no candidate' ELSE verdict END AS says, nominal_id,
           count(*) AS officers
    FROM latest GROUP BY ALL
), tally AS (
    SELECT face_id, sum(officers) AS officers, max(officers) AS most,
           count_if(officers = best) AS leaders, arg_max(says, officers) AS says,
           arg_max(nominal_id, officers) AS nominal_id
    FROM (SELECT *, max(officers) OVER (PARTITION BY face_id) AS best FROM votes) GROUP BY face_id
), listed AS (
    SELECT face_id, max(search_id) AS search_id FROM held.probes WHERE outcome = 'candidates' GROUP BY face_id
)
SELECT l.face_id, f.image_id AS still_id, l.search_id,
       CASE WHEN coalesce(t.officers, 0) < 2 THEN 'pending'
            WHEN t.most < 2 OR t.leaders > 1 THEN 'disputed'
            WHEN t.says = 'supports' THEN 'corroborated'
            ELSE 'not supported' END AS outcome,
       CASE WHEN t.officers >= 2 AND t.most >= 2 AND t.leaders = 1 AND t.says = 'supports'
            THEN t.nominal_id END AS nominal_id,
       coalesce(t.officers, 0)::BIGINT AS officers,
       CASE WHEN t.officers IS NULL THEN NULL
            WHEN (SELECT bool_or(simulated) FROM held.judgements_counting AS j WHERE j.face_id = l.face_id)
            THEN 'simulated review' ELSE 'human review' END AS review_kind,
       (SELECT count(*) FROM held.judgements AS j WHERE j.face_id = l.face_id)
       - (SELECT count(*) FROM held.judgements_counting AS j WHERE j.face_id = l.face_id) AS judged_before
FROM listed AS l JOIN held.faces AS f USING (face_id) LEFT JOIN tally AS t USING (face_id);

-- One row a ruling between faces, or what took one back. Officers' reasons are in no view.
CREATE OR REPLACE VIEW main.rulings AS
SELECT r.sequence, r.act, r.says, r.faces, r.others, r.undoes,
       r.says <> 'taken back' AND NOT EXISTS (SELECT 1 FROM held.rulings AS u WHERE u.undoes = r.sequence) AS stands,
       r.officer_id, r.operation_id, r.ruled_at,
       CASE WHEN r.simulated THEN 'simulated review' ELSE 'human review' END AS review_kind
FROM held.rulings AS r;

CREATE OR REPLACE VIEW main.persons AS
SELECT p.person_id, p.nominal_id, p.status, p.proposed_as,
       count(DISTINCT pf.face_id) AS faces, count(DISTINCT t.still_id) AS stills,
       count(DISTINCT t.offence_id) AS offences, count(DISTINCT t.retailer_id) AS retailers,
       CASE WHEN p.status = 'unknown' THEN NULL
            WHEN p.nominal_id IS NOT NULL
             AND (SELECT bool_or(j.simulated) FROM held.judgements AS j JOIN held.person_faces AS x USING (face_id)
                  WHERE x.person_id = p.person_id)
            THEN 'simulated review'
            WHEN p.nominal_id IS NULL
             AND (SELECT bool_or(r.simulated) FROM held.rulings AS r JOIN held.person_faces AS x
                  ON list_contains(r.faces, x.face_id) OR list_contains(r.others, x.face_id)
                  WHERE x.person_id = p.person_id)
            THEN 'simulated review' ELSE 'human review' END AS review_kind
FROM held.persons AS p
JOIN held.person_faces AS pf USING (person_id)
JOIN held.faces AS f USING (face_id)
JOIN held.stills AS t ON t.still_id = f.image_id
GROUP BY p.person_id, p.nominal_id, p.status, p.proposed_as;

CREATE OR REPLACE VIEW main.person_faces AS
SELECT pf.person_id, p.nominal_id, p.status, pf.face_id, f.image_id AS still_id, t.offence_id, t.retailer_id
FROM held.person_faces AS pf
JOIN held.persons AS p USING (person_id)
JOIN held.faces AS f USING (face_id)
JOIN held.stills AS t ON t.still_id = f.image_id;

CREATE OR REPLACE VIEW main.person_offences AS
SELECT pf.person_id, pf.nominal_id, pf.status, pf.offence_id, o.retailer_id, o.store_id, s.borough, o.occurred_at,
       o.offence_code, o.value_pence, o.how_detected, count(*) AS faces
FROM main.person_faces AS pf
JOIN held.offences AS o USING (offence_id)
JOIN held.stores AS s USING (store_id)
GROUP BY ALL;

CREATE OR REPLACE VIEW main.audit AS
SELECT sequence, recorded_at, officer, operation, reason, action, result, details FROM held.audit;

CREATE OR REPLACE VIEW main.stage_times AS
SELECT position, stage, elapsed_s FROM held.stage_times;
