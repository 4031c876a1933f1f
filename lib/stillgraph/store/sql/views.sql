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
SELECT nominal_id, arrested_on, offence_code, offence, disposal, disposed_on, custody_from, released_on
FROM held.arrests;

CREATE OR REPLACE VIEW main.officers AS
SELECT o.officer_id, c.role, o.simulated, o.added_at, c.by_name, c.sees_faces, c.suspended, c.changed_at
FROM held.officers AS o
LEFT JOIN (SELECT * FROM held.officer_changes
           QUALIFY row_number() OVER (PARTITION BY officer_id ORDER BY sequence DESC) = 1) AS c USING (officer_id);

CREATE OR REPLACE VIEW main.officer_changes AS
SELECT sequence, officer_id, role, by_name, sees_faces, suspended, changed_by, changed_at FROM held.officer_changes;

-- Who can sign in, and since when; the tokens themselves are nowhere, and their hashes in no view.
CREATE OR REPLACE VIEW main.sign_in_tokens AS
SELECT t.token_id, t.officer_id, t.issued_by, t.issued_at, t.until, r.revoked_by, r.revoked_at
FROM held.sign_in_tokens AS t LEFT JOIN held.revoked_tokens AS r USING (token_id);

-- Why a backup was made stays with its audit entry.
CREATE OR REPLACE VIEW main.backups AS
SELECT backup_id, place, officer_id, made_at, entries, images, size_bytes, sha256, keep_until, removed_at, removed_by
FROM held.backups;

CREATE OR REPLACE VIEW main.operations AS
SELECT o.operation_id, o.purpose, o.opened_by, o.opened_at, c.until, c.begins, c.legal_basis, c.authorised_by,
       CASE WHEN c.change = 'closed' THEN c.changed_at END AS closed_at,
       CASE WHEN c.change = 'closed' THEN c.changed_by END AS closed_by
FROM held.operations AS o
LEFT JOIN (SELECT * FROM held.operation_changes
           QUALIFY row_number() OVER (PARTITION BY operation_id ORDER BY sequence DESC) = 1) AS c USING (operation_id);

CREATE OR REPLACE VIEW main.operation_changes AS
SELECT sequence, operation_id, change, begins, until, legal_basis, authorised_by, reason, changed_by, changed_at
FROM held.operation_changes;

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

-- Wide views for ad-hoc queries (docs/queries.md): what is known of one thing in one row, joined by ids that people
-- read. They show nothing that the views above do not.
CREATE OR REPLACE VIEW main.v_still AS
WITH found AS (
    SELECT f.still_id, count(*) FILTER (f.usable) AS usable_faces, min(f.band) FILTER (f.usable) AS best_band,
           count(r.face_id) AS leads, count(*) FILTER (r.outcome = 'pending') AS pending,
           count(*) FILTER (r.outcome = 'corroborated') AS corroborated,
           count(*) FILTER (r.outcome = 'not supported') AS not_supported,
           count(*) FILTER (r.outcome = 'disputed') AS disputed
    FROM main.faces AS f LEFT JOIN main.reviews AS r USING (face_id) GROUP BY f.still_id
), sought AS (
    SELECT q.still_id, count(*) AS searches, min(s.searched_at) AS searched_at
    FROM held.searched_stills AS q JOIN held.searches AS s USING (search_id) GROUP BY q.still_id
), shown AS (
    SELECT still_id, count(DISTINCT person_id) AS persons FROM main.person_faces GROUP BY still_id
)
SELECT t.still_id, t.delivery_id, d.received_at, t.image, t.camera, t.captured_at, t.width_px, t.height_px,
       t.offence_id, o.offence_code, o.offence, o.occurred_at, t.retailer_id, o.retailer, o.store_id, o.store,
       o.borough, t.faces, coalesce(f.usable_faces, 0) AS usable_faces, f.best_band,
       coalesce(q.searches, 0) AS searches, q.searched_at,
       coalesce(f.leads, 0) AS leads, coalesce(f.pending, 0) AS pending,
       coalesce(f.corroborated, 0) AS corroborated, coalesce(f.not_supported, 0) AS not_supported,
       coalesce(f.disputed, 0) AS disputed, coalesce(p.persons, 0) AS persons,
       CASE WHEN f.corroborated > 0 THEN 'corroborated'
            WHEN t.faces = 0 THEN 'no face'
            WHEN f.usable_faces = 0 THEN 'no usable face'
            WHEN q.searches IS NULL THEN 'not searched'
            WHEN f.leads = 0 THEN 'no candidate'
            WHEN f.pending > 0 THEN 'pending'
            WHEN f.disputed > 0 THEN 'disputed'
            ELSE 'not supported' END AS stage
FROM main.stills AS t
JOIN held.deliveries AS d USING (delivery_id)
JOIN main.offences AS o USING (offence_id)
LEFT JOIN found AS f USING (still_id)
LEFT JOIN sought AS q USING (still_id)
LEFT JOIN shown AS p USING (still_id);

CREATE OR REPLACE VIEW main.v_offence AS
WITH seen AS (
    SELECT offence_id, sum(faces) AS faces, sum(usable_faces) AS usable_faces, min(best_band) AS best_band,
           count(*) FILTER (searches > 0) AS stills_searched, sum(leads) AS leads, sum(pending) AS pending,
           sum(corroborated) AS corroborated, sum(not_supported) AS not_supported, sum(disputed) AS disputed
    FROM main.v_still GROUP BY offence_id
), linked AS (
    SELECT offence_id, count(*) AS persons, count(*) FILTER (status = 'corroborated') AS persons_corroborated,
           count(*) FILTER (status = 'proposed') AS persons_proposed,
           count(*) FILTER (status = 'unknown') AS persons_unknown,
           list(person_id ORDER BY person_id) AS person_ids
    FROM main.person_offences GROUP BY offence_id
)
SELECT o.offence_id, o.retailer_id, o.retailer, o.store_id, o.store, o.borough, o.latitude, o.longitude, o.occurred_at,
       date_trunc('month', o.occurred_at)::DATE AS month, o.offence_code, o.offence, h.harm_days,
       o.value_pence, o.violence, o.method, o.how_detected, o.stills, s.faces::BIGINT AS faces,
       s.usable_faces::BIGINT AS usable_faces, s.best_band, s.stills_searched, s.leads::BIGINT AS leads, s.pending::BIGINT AS pending,
       s.corroborated::BIGINT AS corroborated, s.not_supported::BIGINT AS not_supported,
       s.disputed::BIGINT AS disputed, coalesce(p.persons, 0) AS persons,
       coalesce(p.persons_corroborated, 0) AS persons_corroborated, coalesce(p.persons_proposed, 0) AS persons_proposed,
       coalesce(p.persons_unknown, 0) AS persons_unknown, coalesce(p.person_ids, []::VARCHAR[]) AS person_ids,
       CASE WHEN p.persons_corroborated > 0 THEN 'corroborated'
            WHEN p.persons_proposed > 0 THEN 'proposed'
            WHEN p.persons > 0 THEN 'unknown' END AS link
FROM main.offences AS o
LEFT JOIN seen AS s USING (offence_id)
LEFT JOIN linked AS p USING (offence_id)
LEFT JOIN held.harm_values AS h ON h.offence_code = upper(trim(o.offence_code));

-- One row a face that is a person's. The score is that of whom review named, on the list that was judged.
CREATE OR REPLACE VIEW main.v_link AS
SELECT x.person_id, x.nominal_id, x.status, p.proposed_as, x.face_id, x.still_id, x.offence_id, o.occurred_at,
       o.retailer_id, o.retailer, o.store_id, o.store, o.borough, o.offence_code, o.offence, h.harm_days,
       o.value_pence, o.how_detected, f.usable, f.band, f.inter_eye_px, r.outcome, r.officers, r.review_kind,
       r.search_id, c.rank AS list_rank, c.custody_image_id, c.score, c.likelihood_ratio
FROM main.person_faces AS x
JOIN held.persons AS p USING (person_id)
JOIN main.offences AS o USING (offence_id)
JOIN main.faces AS f USING (face_id)
LEFT JOIN held.harm_values AS h ON h.offence_code = upper(trim(o.offence_code))
LEFT JOIN main.reviews AS r USING (face_id)
LEFT JOIN held.candidates AS c
  ON c.search_id = r.search_id AND c.face_id = x.face_id AND c.nominal_id = r.nominal_id;

CREATE OR REPLACE VIEW main.v_person AS
WITH parts AS (
    SELECT DISTINCT p.person_id, p.offence_id, p.occurred_at, p.retailer_id, p.store_id, p.borough, p.offence_code,
           p.value_pence, h.harm_days
    FROM main.person_offences AS p
    LEFT JOIN held.harm_values AS h ON h.offence_code = upper(trim(p.offence_code))
), sums AS (
    SELECT person_id, count(DISTINCT store_id) AS stores, count(DISTINCT borough) AS boroughs,
           count(DISTINCT offence_code) AS offence_classes,
           CASE WHEN count(harm_days) = count(*) THEN sum(harm_days) END AS harm_days,
           sum(value_pence)::BIGINT AS value_pence,
           min(occurred_at) AS first_offence_at, max(occurred_at) AS last_offence_at
    FROM parts GROUP BY person_id
), beside AS (
    SELECT a.person_id, count(DISTINCT b.person_id) AS co_offenders, count(DISTINCT a.offence_id) AS offences_together
    FROM parts AS a JOIN parts AS b ON b.offence_id = a.offence_id AND b.person_id <> a.person_id
    GROUP BY a.person_id
), held_faces AS (
    SELECT person_id, count(*) FILTER (outcome = 'corroborated') AS faces_corroborated,
           min(band) FILTER (usable) AS best_band,
           min(score) AS least_score, min(likelihood_ratio) AS least_likelihood_ratio
    FROM main.v_link GROUP BY person_id
), taken AS (
    SELECT nominal_id, count(*) AS arrests, count(*) FILTER (disposal = 'convicted') AS convictions,
           max(arrested_on) AS last_arrested_on
    FROM held.arrests GROUP BY nominal_id
)
SELECT p.person_id, p.nominal_id, p.status, p.proposed_as, p.review_kind, p.faces, h.faces_corroborated, h.best_band,
       h.least_score, h.least_likelihood_ratio, p.stills, p.offences, p.retailers, s.stores, s.boroughs,
       s.offence_classes, s.harm_days, s.value_pence, s.first_offence_at, s.last_offence_at,
       coalesce(b.co_offenders, 0) AS co_offenders, coalesce(b.offences_together, 0) AS offences_together,
       CASE WHEN p.nominal_id IS NOT NULL THEN coalesce(t.arrests, 0) END AS arrests,
       CASE WHEN p.nominal_id IS NOT NULL THEN coalesce(t.convictions, 0) END AS convictions, t.last_arrested_on
FROM main.persons AS p
JOIN sums AS s USING (person_id)
JOIN held_faces AS h USING (person_id)
LEFT JOIN beside AS b USING (person_id)
LEFT JOIN taken AS t ON t.nominal_id = p.nominal_id;

-- One row a person on a candidate list; what officers said of the list is in none of its columns until it is settled.
CREATE OR REPLACE VIEW main.v_candidate AS
SELECT c.search_id, s.searched_at, s.officer_id, s.operation_id, s.model, s.gallery_size, s.threshold, c.face_id,
       f.band, c.still_id, t.captured_at, t.offence_id, t.offence, t.retailer_id, t.retailer, t.store_id, t.store,
       t.borough, c.rank, c.nominal_id, c.custody_image_id, i.captured_on, c.score,
       c.score - lead(c.score) OVER (PARTITION BY c.search_id, c.face_id ORDER BY c.rank) AS ahead_by,
       c.likelihood_ratio, c.search_id = r.search_id AS newest_list, r.outcome, r.officers, r.review_kind,
       r.outcome = 'corroborated' AND c.nominal_id = r.nominal_id AS corroborated
FROM main.candidates AS c
JOIN held.searches AS s USING (search_id)
JOIN main.faces AS f USING (face_id)
JOIN main.v_still AS t ON t.still_id = c.still_id
LEFT JOIN held.custody_images AS i USING (custody_image_id)
LEFT JOIN main.reviews AS r USING (face_id);

-- Of its faces, those whose newest list it made; the others are counted with the search that made a newer one.
CREATE OR REPLACE VIEW main.v_search AS
WITH reviewed AS (
    SELECT search_id, count(*) AS newest_lists, count(*) FILTER (outcome = 'pending') AS pending,
           count(*) FILTER (outcome = 'corroborated') AS corroborated,
           count(*) FILTER (outcome = 'not supported') AS not_supported,
           count(*) FILTER (outcome = 'disputed') AS disputed
    FROM main.reviews GROUP BY search_id
), probed AS (
    SELECT search_id, count(*) FILTER (outcome = 'candidates') AS leads FROM held.probes GROUP BY search_id
), listed AS (
    SELECT search_id, median(score) AS median_first_score, max(likelihood_ratio) AS greatest_likelihood_ratio
    FROM held.candidates WHERE rank = 1 GROUP BY search_id
)
SELECT s.search_id, s.searched_at, s.officer_id, s.operation_id, o.purpose, s.reason, s.occasion, s.model, s.engine,
       s.gallery_size, s.gallery_version, s.images_searched, s.threshold, s.list_limit, s.filters, s.calibration_id,
       s.policy_id, s.stills, s.probes, coalesce(p.leads, 0) AS leads, coalesce(r.newest_lists, 0) AS newest_lists,
       coalesce(r.pending, 0) AS pending, coalesce(r.corroborated, 0) AS corroborated,
       coalesce(r.not_supported, 0) AS not_supported, coalesce(r.disputed, 0) AS disputed, l.median_first_score,
       l.greatest_likelihood_ratio, s.elapsed_s
FROM main.searches AS s
LEFT JOIN held.operations AS o USING (operation_id)
LEFT JOIN probed AS p USING (search_id)
LEFT JOIN reviewed AS r USING (search_id)
LEFT JOIN listed AS l USING (search_id);

CREATE OR REPLACE VIEW main.v_store AS
WITH suffered AS (
    SELECT store_id, count(*) AS offences, sum(stills) AS stills, sum(usable_faces) AS usable_faces,
           count(*) FILTER (persons_corroborated > 0) AS offences_with_corroborated,
           count(*) FILTER (pending > 0) AS offences_pending,
           count(*) FILTER (usable_faces = 0) AS offences_without_usable_face,
           CASE WHEN count(harm_days) = count(*) THEN sum(harm_days) END AS harm_days, sum(value_pence) AS value_pence,
           count(*) FILTER (lower(violence) NOT IN ('', 'none')) AS offences_with_violence,
           min(occurred_at) AS first_offence_at, max(occurred_at) AS last_offence_at
    FROM main.v_offence GROUP BY store_id
), seen AS (
    SELECT store_id, count(DISTINCT person_id) AS persons,
           count(DISTINCT person_id) FILTER (status = 'corroborated') AS persons_corroborated
    FROM main.person_offences GROUP BY store_id
)
SELECT s.store_id, s.store, s.retailer_id, s.retailer, s.borough, s.latitude, s.longitude,
       coalesce(u.offences, 0) AS offences, coalesce(u.stills, 0)::BIGINT AS stills,
       coalesce(u.usable_faces, 0)::BIGINT AS usable_faces,
       coalesce(u.offences_with_corroborated, 0) AS offences_with_corroborated,
       coalesce(u.offences_pending, 0) AS offences_pending,
       coalesce(u.offences_without_usable_face, 0) AS offences_without_usable_face,
       coalesce(u.offences_with_violence, 0) AS offences_with_violence,
       CASE WHEN u.offences IS NULL THEN 0 ELSE u.harm_days END AS harm_days,
       coalesce(u.value_pence, 0)::BIGINT AS value_pence, u.first_offence_at, u.last_offence_at,
       coalesce(p.persons, 0) AS persons, coalesce(p.persons_corroborated, 0) AS persons_corroborated
FROM held.stores AS s
LEFT JOIN suffered AS u USING (store_id)
LEFT JOIN seen AS p USING (store_id);

-- Days of harm by offence code, as this case counts them.
CREATE OR REPLACE VIEW main.harm_values AS
SELECT offence_code, offence, subgroup, harm_days, source, version FROM held.harm_values;

CREATE OR REPLACE VIEW main.rankings AS
SELECT ranking_id, ranked_by, since, until, with_proposals, proactive, settings, seed, points, harm_source,
       harm_version, linked_at, persons, CASE WHEN simulated THEN 'simulated review' ELSE 'human review' END
       AS review_kind, software, officer_id, operation_id, reason, made_at
FROM held.rankings;

-- The standings of the latest ranking by each measure, corroborated links alone and with proposals apart.
CREATE OR REPLACE VIEW main.v_ranking AS
WITH latest AS (
    SELECT * FROM held.rankings QUALIFY row_number() OVER (PARTITION BY ranked_by, with_proposals
                                                           ORDER BY ranking_id DESC) = 1
)
SELECT l.ranked_by, CASE WHEN l.with_proposals THEN 'with proposals' ELSE 'corroborated only' END AS links,
       s.rank, s.rank_low, s.rank_high, s.top_share, s.person_id, s.nominal_id, s.status, s.offences, s.count_low,
       s.count_high, s.harm_days, s.harm_low, s.harm_high, s.value_pence, s.value_low, s.value_high, s.rfh, s.rfh_low,
       s.rfh_high, s.rank_by_harm, s.rank_by_count, s.rank_by_value, s.rank_by_rfh, s.rank_corroborated,
       s.rank_with_proposals, s.retailers, s.boroughs, s.offence_codes, s.subgroups, s.diversity, s.co_offenders,
       s.with_others, s.escalation, s.escalation_rho, s.escalation_low, s.escalation_high, s.prior_arrests, l.since,
       l.until, l.proactive, l.linked_at < (SELECT max(linked_at) FROM held.linking_run) AS linked_since, l.ranking_id,
       l.made_at
FROM latest AS l JOIN held.standings AS s USING (ranking_id);

CREATE OR REPLACE VIEW main.audit AS
SELECT sequence, recorded_at, officer, operation, reason, action, result, details FROM held.audit;

CREATE OR REPLACE VIEW main.stage_times AS
SELECT position, stage, elapsed_s FROM held.stage_times;
