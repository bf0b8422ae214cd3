-- Made by tests/store/glance_statements.py from the store's own statements; a test compares the two.

-- undone
SELECT latest.subject, latest.action 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('undo', 'redo') GROUP BY decision.subject)) AS latest;

-- about_mails
SELECT latest.subject, latest.action 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS latest;

-- chosen
SELECT (SELECT coalesce(max(identity_1.clear), max(CASE WHEN (identity_1.marketplace IS NULL) THEN '#' || identity_1.hash ELSE CASE WHEN identity_1.shared THEN '#' || identity_1.hash || 's' ELSE '#' || identity_1.hash END || '@marketplace.' || identity_1.marketplace END)) AS coalesce_1 
FROM identity AS identity_1 
WHERE identity_1.hash = latest.subject AND identity_1.account IN (:account)) AS anon_1, (SELECT coalesce(max(identity_2.clear), max(CASE WHEN (identity_2.marketplace IS NULL) THEN '#' || identity_2.hash ELSE CASE WHEN identity_2.shared THEN '#' || identity_2.hash || 's' ELSE '#' || identity_2.hash END || '@marketplace.' || identity_2.marketplace END)) AS coalesce_2 
FROM identity AS identity_2 
WHERE identity_2.hash = latest.alias_hash AND identity_2.account IN (:account)) AS anon_2, latest.decided_at 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('choose_alias', 'reopen') GROUP BY decision.subject)) AS latest 
WHERE latest.action = 'choose_alias';

-- orders_tied
SELECT send.order_id_hash 
FROM send 
WHERE send.account = :account AND send.alias_hash IN (SELECT value FROM json_each(:hashes)) AND send.alias_shared IS 0 UNION SELECT order_link.order_id_hash 
FROM order_link 
WHERE order_link.account = :account AND order_link.alias_hash IN (SELECT value FROM json_each(:hashes)) UNION SELECT recognition.order_id_hash 
FROM recognition 
WHERE recognition.account = :account AND recognition.alias_hash IN (SELECT value FROM json_each(:hashes)) AND recognition.alias_shared IS 0 UNION SELECT decision.order_id_hash 
FROM decision 
WHERE decision.account = :account AND decision.alias_hash IN (SELECT value FROM json_each(:hashes));

-- aliases_tied
SELECT send.alias_hash 
FROM send 
WHERE send.account = :account AND send.order_id_hash IN (SELECT value FROM json_each(:hashes)) AND send.alias_shared IS 0 UNION SELECT order_link.alias_hash 
FROM order_link 
WHERE order_link.account = :account AND order_link.order_id_hash IN (SELECT value FROM json_each(:hashes)) UNION SELECT recognition.alias_hash 
FROM recognition 
WHERE recognition.account = :account AND recognition.order_id_hash IN (SELECT value FROM json_each(:hashes)) AND recognition.alias_shared IS 0 UNION SELECT decision.alias_hash 
FROM decision 
WHERE decision.account = :account AND decision.order_id_hash IN (SELECT value FROM json_each(:hashes));

-- list_decisions
SELECT decision.id, decision.account, decision.action, decision.subject, decision.order_id_hash, decision.alias_hash, decision.actor, decision.note, decision.decided_at, decision.scope, decision.expires_at, decision.run_id, decision.row_digest, (SELECT coalesce(max(identity_1.clear), max(CASE WHEN (identity_1.marketplace IS NULL) THEN '#' || identity_1.hash ELSE CASE WHEN identity_1.shared THEN '#' || identity_1.hash || 's' ELSE '#' || identity_1.hash END || '@marketplace.' || identity_1.marketplace END)) AS coalesce_1 
FROM identity AS identity_1 
WHERE identity_1.hash = decision.order_id_hash AND identity_1.account IN (:account)) AS order_id, (SELECT coalesce(max(identity_2.clear), max(CASE WHEN (identity_2.marketplace IS NULL) THEN '#' || identity_2.hash ELSE CASE WHEN identity_2.shared THEN '#' || identity_2.hash || 's' ELSE '#' || identity_2.hash END || '@marketplace.' || identity_2.marketplace END)) AS coalesce_2 
FROM identity AS identity_2 
WHERE identity_2.hash = decision.alias_hash AND identity_2.account IN (:account)) AS alias 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('add', 'release', 'allow') AND (decision.run_id IS NULL OR (decision.run_id NOT IN (SELECT value FROM json_each(:undone)))) AND decision.subject IN (SELECT value FROM json_each(:hashes)) ORDER BY decision.id;

-- linked_aliases
SELECT linked.order_id_hash, (SELECT coalesce(max(identity_1.clear), max(CASE WHEN (identity_1.marketplace IS NULL) THEN '#' || identity_1.hash ELSE CASE WHEN identity_1.shared THEN '#' || identity_1.hash || 's' ELSE '#' || identity_1.hash END || '@marketplace.' || identity_1.marketplace END)) AS coalesce_1 
FROM identity AS identity_1 
WHERE identity_1.hash = coalesce(linked.alias_0, linked.alias_1, linked.alias_2, linked.alias_3) AND identity_1.account IN (:account)) AS anon_1 
FROM (SELECT ranked.order_id_hash AS order_id_hash, max(CASE WHEN (ranked.rank = 0) THEN ranked.alias END) AS alias_0, max(CASE WHEN (ranked.rank = 1) THEN ranked.alias END) AS alias_1, max(CASE WHEN (ranked.rank = 2) THEN ranked.alias END) AS alias_2, max(CASE WHEN (ranked.rank = 3) THEN ranked.alias END) AS alias_3, CASE WHEN (min(CASE WHEN (ranked.rank > 0) THEN ranked.first_marketplace END) = max(CASE WHEN (ranked.rank > 0) THEN ranked.last_marketplace END)) THEN min(CASE WHEN (ranked.rank > 0) THEN ranked.first_marketplace END) END AS linked_marketplace 
FROM (SELECT facts.order_id_hash AS order_id_hash, facts.rank AS rank, CASE WHEN (min(facts.alias_hash) = max(facts.alias_hash)) THEN min(facts.alias_hash) ELSE NULL END AS alias, min(facts.marketplace) AS first_marketplace, max(facts.marketplace) AS last_marketplace 
FROM (SELECT recognition.order_id_hash AS order_id_hash, recognition.alias_hash AS alias_hash, recognition.marketplace AS marketplace, 0 AS rank 
FROM recognition JOIN mail ON mail.id = recognition.mail_id 
WHERE recognition.account = :account AND recognition.result = 'opt_out' AND recognition.alias_shared IS 0 AND recognition.order_id_hash IN (SELECT value FROM json_each(:hashes)) AND mail.account = :account AND (mail.run_id NOT IN (SELECT value FROM json_each(:undone))) AND recognition.id = (SELECT recognition_1.id 
FROM recognition AS recognition_1 
WHERE recognition_1.mail_id = mail.id AND (recognition_1.run_id NOT IN (SELECT value FROM json_each(:undone))) ORDER BY recognition_1.run_id DESC, recognition_1.id DESC
 LIMIT 1 OFFSET 0) AND (mail.fingerprint NOT IN (SELECT about_mails.subject 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS about_mails 
WHERE about_mails.action = 'dismiss')) AND (coalesce(recognition.evidence, '') != 'person' OR mail.fingerprint IN (SELECT about_mails.subject 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS about_mails 
WHERE about_mails.action = 'accept')) AND (EXISTS (SELECT * 
FROM verdict 
WHERE verdict.mail_id = recognition.mail_id AND verdict.outcome = 'genuine' AND (verdict.run_id NOT IN (SELECT value FROM json_each(:undone))))) UNION ALL SELECT order_link.order_id_hash AS order_id_hash, order_link.alias_hash AS alias_hash, order_link.marketplace AS marketplace, CASE WHEN (order_link.origin = 'order_report') THEN 1 WHEN (order_link.origin IN ('csv_log', 'sent_folder')) THEN 2 WHEN (order_link.origin = 'buyer_message') THEN 3 END AS rank 
FROM order_link 
WHERE order_link.account = :account AND order_link.order_id_hash IN (SELECT value FROM json_each(:hashes)) AND CASE WHEN (order_link.origin = 'order_report') THEN 1 WHEN (order_link.origin IN ('csv_log', 'sent_folder')) THEN 2 WHEN (order_link.origin = 'buyer_message') THEN 3 END IS NOT NULL AND (order_link.run_id NOT IN (SELECT value FROM json_each(:undone)))) AS facts GROUP BY facts.order_id_hash, facts.rank) AS ranked GROUP BY ranked.order_id_hash) AS linked;

-- orders_of
SELECT pairs.alias_hash, (SELECT coalesce(max(identity_1.clear), max(CASE WHEN (identity_1.marketplace IS NULL) THEN '#' || identity_1.hash ELSE CASE WHEN identity_1.shared THEN '#' || identity_1.hash || 's' ELSE '#' || identity_1.hash END || '@marketplace.' || identity_1.marketplace END)) AS coalesce_1 
FROM identity AS identity_1 
WHERE identity_1.hash = pairs.order_id_hash AND identity_1.account IN (:account)) AS anon_1 
FROM (SELECT send.alias_hash AS alias_hash, send.order_id_hash AS order_id_hash 
FROM send 
WHERE send.account = :account AND send.alias_hash IN (SELECT value FROM json_each(:hashes)) AND (send.run_id NOT IN (SELECT value FROM json_each(:undone))) AND send.origin != 'scrub' UNION SELECT order_link.alias_hash AS alias_hash, order_link.order_id_hash AS order_id_hash 
FROM order_link 
WHERE order_link.account = :account AND order_link.alias_hash IN (SELECT value FROM json_each(:hashes)) AND (order_link.run_id NOT IN (SELECT value FROM json_each(:undone))) AND (order_link.origin != 'buyer_message' OR NOT (EXISTS (SELECT * 
FROM order_link AS order_link_1 
WHERE order_link_1.account = :account AND order_link_1.order_id_hash = order_link.order_id_hash AND order_link_1.alias_hash != order_link.alias_hash AND (order_link_1.run_id NOT IN (SELECT value FROM json_each(:undone)))))) UNION SELECT recognition.alias_hash AS alias_hash, recognition.order_id_hash AS order_id_hash 
FROM recognition JOIN mail ON mail.id = recognition.mail_id 
WHERE recognition.account = :account AND recognition.alias_hash IN (SELECT value FROM json_each(:hashes)) AND mail.account = :account AND (mail.run_id NOT IN (SELECT value FROM json_each(:undone))) AND recognition.id = (SELECT recognition_1.id 
FROM recognition AS recognition_1 
WHERE recognition_1.mail_id = mail.id AND (recognition_1.run_id NOT IN (SELECT value FROM json_each(:undone))) ORDER BY recognition_1.run_id DESC, recognition_1.id DESC
 LIMIT 1 OFFSET 0) AND (mail.fingerprint NOT IN (SELECT about_mails.subject 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS about_mails 
WHERE about_mails.action = 'dismiss')) AND (coalesce(recognition.evidence, '') != 'person' OR mail.fingerprint IN (SELECT about_mails.subject 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS about_mails 
WHERE about_mails.action = 'accept')) AND (EXISTS (SELECT * 
FROM verdict 
WHERE verdict.mail_id = recognition.mail_id AND verdict.outcome = 'genuine' AND (verdict.run_id NOT IN (SELECT value FROM json_each(:undone)))))) AS pairs;

-- has_read_mail
SELECT run.id 
FROM run 
WHERE run.account = :account AND run.mails_read > 0
 LIMIT 1 OFFSET 0;

-- last_complete_poll
SELECT run.id, run.account, run.command, run.started_at, run.finished_at, run.state, run.read, run.filed_new, run.duplicates, run.not_amazon, run.mails_read, run.mails_duplicate, run.mails_not_amazon, run.message, run.row_digest 
FROM run 
WHERE run.account = :account AND run.command IN ('poll', 'daily', 'rebuild') AND run.state = 'complete' ORDER BY run.finished_at DESC, run.id DESC
 LIMIT 1 OFFSET 0;

-- notices
SELECT recognition.id, recognition.mail_id, recognition.run_id, recognition.digest, recognition.account, recognition.result, recognition.reason, recognition.candidates, recognition.language, recognition.wording, recognition.evidence, recognition.order_id_hash, recognition.alias_hash, recognition.alias_shared, recognition.marketplace, recognition.blocked_on, recognition.noticed_at, recognition.body_digest, recognition.recipients, recognition.row_digest, mail.fingerprint, mail.run_id AS mail_run_id, run.started_at AS filed_at, verdict.outcome, verdict.method, verdict.reason AS verdict_reason, (EXISTS (SELECT * 
FROM send 
WHERE send.account = :account AND send.origin != 'buyer_message' AND (send.run_id NOT IN (SELECT value FROM json_each(:undone))) AND send.order_id_hash = recognition.order_id_hash)) OR (EXISTS (SELECT * 
FROM send 
WHERE send.account = :account AND send.origin != 'buyer_message' AND (send.run_id NOT IN (SELECT value FROM json_each(:undone))) AND send.alias_hash = CASE WHEN (recognition.alias_shared IS 0) THEN recognition.alias_hash END)) OR (EXISTS (SELECT * 
FROM order_link 
WHERE order_link.account = :account AND order_link.origin IN ('csv_log', 'sent_folder', 'order_report') AND (order_link.run_id NOT IN (SELECT value FROM json_each(:undone))) AND order_link.order_id_hash = recognition.order_id_hash)) OR (EXISTS (SELECT * 
FROM order_link 
WHERE order_link.account = :account AND order_link.origin IN ('csv_log', 'sent_folder', 'order_report') AND (order_link.run_id NOT IN (SELECT value FROM json_each(:undone))) AND order_link.alias_hash = CASE WHEN (recognition.alias_shared IS 0) THEN recognition.alias_hash END)) AS known_to_us, (SELECT coalesce(max(identity_1.clear), max(CASE WHEN (identity_1.marketplace IS NULL) THEN '#' || identity_1.hash ELSE CASE WHEN identity_1.shared THEN '#' || identity_1.hash || 's' ELSE '#' || identity_1.hash END || '@marketplace.' || identity_1.marketplace END)) AS coalesce_1 
FROM identity AS identity_1 
WHERE identity_1.hash = recognition.order_id_hash AND identity_1.account IN (:account)) AS order_id, (SELECT coalesce(max(identity_2.clear), max(CASE WHEN (identity_2.marketplace IS NULL) THEN '#' || identity_2.hash ELSE CASE WHEN identity_2.shared THEN '#' || identity_2.hash || 's' ELSE '#' || identity_2.hash END || '@marketplace.' || identity_2.marketplace END)) AS coalesce_2 
FROM identity AS identity_2 
WHERE identity_2.hash = recognition.alias_hash AND identity_2.account IN (:account)) AS alias, (SELECT coalesce(max(identity_3.clear), max(CASE WHEN (identity_3.marketplace IS NULL) THEN '#' || identity_3.hash ELSE CASE WHEN identity_3.shared THEN '#' || identity_3.hash || 's' ELSE '#' || identity_3.hash END || '@marketplace.' || identity_3.marketplace END)) AS coalesce_3 
FROM identity AS identity_3 
WHERE identity_3.hash = linked.alias_0 AND identity_3.account IN (:account)) AS alias_0, (SELECT coalesce(max(identity_4.clear), max(CASE WHEN (identity_4.marketplace IS NULL) THEN '#' || identity_4.hash ELSE CASE WHEN identity_4.shared THEN '#' || identity_4.hash || 's' ELSE '#' || identity_4.hash END || '@marketplace.' || identity_4.marketplace END)) AS coalesce_4 
FROM identity AS identity_4 
WHERE identity_4.hash = linked.alias_1 AND identity_4.account IN (:account)) AS alias_1, (SELECT coalesce(max(identity_5.clear), max(CASE WHEN (identity_5.marketplace IS NULL) THEN '#' || identity_5.hash ELSE CASE WHEN identity_5.shared THEN '#' || identity_5.hash || 's' ELSE '#' || identity_5.hash END || '@marketplace.' || identity_5.marketplace END)) AS coalesce_5 
FROM identity AS identity_5 
WHERE identity_5.hash = linked.alias_2 AND identity_5.account IN (:account)) AS alias_2, (SELECT coalesce(max(identity_6.clear), max(CASE WHEN (identity_6.marketplace IS NULL) THEN '#' || identity_6.hash ELSE CASE WHEN identity_6.shared THEN '#' || identity_6.hash || 's' ELSE '#' || identity_6.hash END || '@marketplace.' || identity_6.marketplace END)) AS coalesce_6 
FROM identity AS identity_6 
WHERE identity_6.hash = linked.alias_3 AND identity_6.account IN (:account)) AS alias_3 
FROM recognition JOIN mail ON mail.id = recognition.mail_id JOIN run ON run.id = mail.run_id LEFT OUTER JOIN verdict ON verdict.id = (SELECT verdict.id 
FROM verdict 
WHERE verdict.mail_id = recognition.mail_id AND (verdict.run_id NOT IN (SELECT value FROM json_each(:undone))) ORDER BY CASE WHEN (verdict.outcome = 'genuine') THEN 0 WHEN (verdict.outcome = 'forged') THEN 1 ELSE 2 END, verdict.run_id DESC, verdict.method, verdict.reason, verdict.digest
 LIMIT 1 OFFSET 0) LEFT OUTER JOIN (SELECT ranked.order_id_hash AS order_id_hash, max(CASE WHEN (ranked.rank = 0) THEN ranked.alias END) AS alias_0, max(CASE WHEN (ranked.rank = 1) THEN ranked.alias END) AS alias_1, max(CASE WHEN (ranked.rank = 2) THEN ranked.alias END) AS alias_2, max(CASE WHEN (ranked.rank = 3) THEN ranked.alias END) AS alias_3, CASE WHEN (min(CASE WHEN (ranked.rank > 0) THEN ranked.first_marketplace END) = max(CASE WHEN (ranked.rank > 0) THEN ranked.last_marketplace END)) THEN min(CASE WHEN (ranked.rank > 0) THEN ranked.first_marketplace END) END AS linked_marketplace 
FROM (SELECT facts.order_id_hash AS order_id_hash, facts.rank AS rank, CASE WHEN (min(facts.alias_hash) = max(facts.alias_hash)) THEN min(facts.alias_hash) ELSE NULL END AS alias, min(facts.marketplace) AS first_marketplace, max(facts.marketplace) AS last_marketplace 
FROM (SELECT recognition.order_id_hash AS order_id_hash, recognition.alias_hash AS alias_hash, recognition.marketplace AS marketplace, 0 AS rank 
FROM recognition JOIN mail ON mail.id = recognition.mail_id 
WHERE recognition.account = :account AND recognition.result = 'opt_out' AND recognition.alias_shared IS 0 AND recognition.order_id_hash IN (SELECT recognition.order_id_hash 
FROM recognition 
WHERE recognition.account = :account AND recognition.result IN ('opt_out') AND recognition.order_id_hash IN (SELECT value FROM json_each(:hashes))) AND mail.account = :account AND (mail.run_id NOT IN (SELECT value FROM json_each(:undone))) AND recognition.id = (SELECT recognition_1.id 
FROM recognition AS recognition_1 
WHERE recognition_1.mail_id = mail.id AND (recognition_1.run_id NOT IN (SELECT value FROM json_each(:undone))) ORDER BY recognition_1.run_id DESC, recognition_1.id DESC
 LIMIT 1 OFFSET 0) AND (mail.fingerprint NOT IN (SELECT about_mails.subject 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS about_mails 
WHERE about_mails.action = 'dismiss')) AND (coalesce(recognition.evidence, '') != 'person' OR mail.fingerprint IN (SELECT about_mails.subject 
FROM (SELECT decision.id AS id, decision.account AS account, decision.action AS action, decision.subject AS subject, decision.order_id_hash AS order_id_hash, decision.alias_hash AS alias_hash, decision.actor AS actor, decision.note AS note, decision.decided_at AS decided_at, decision.scope AS scope, decision.expires_at AS expires_at, decision.run_id AS run_id, decision.row_digest AS row_digest 
FROM decision 
WHERE decision.id IN (SELECT max(decision.id) AS max_1 
FROM decision 
WHERE decision.account = :account AND decision.action IN ('accept', 'dismiss', 'reopen') GROUP BY decision.subject)) AS about_mails 
WHERE about_mails.action = 'accept')) AND (EXISTS (SELECT * 
FROM verdict 
WHERE verdict.mail_id = recognition.mail_id AND verdict.outcome = 'genuine' AND (verdict.run_id NOT IN (SELECT value FROM json_each(:undone))))) UNION ALL SELECT order_link.order_id_hash AS order_id_hash, order_link.alias_hash AS alias_hash, order_link.marketplace AS marketplace, CASE WHEN (order_link.origin = 'order_report') THEN 1 WHEN (order_link.origin IN ('csv_log', 'sent_folder')) THEN 2 WHEN (order_link.origin = 'buyer_message') THEN 3 END AS rank 
FROM order_link 
WHERE order_link.account = :account AND order_link.order_id_hash IN (SELECT recognition.order_id_hash 
FROM recognition 
WHERE recognition.account = :account AND recognition.result IN ('opt_out') AND recognition.order_id_hash IN (SELECT value FROM json_each(:hashes))) AND CASE WHEN (order_link.origin = 'order_report') THEN 1 WHEN (order_link.origin IN ('csv_log', 'sent_folder')) THEN 2 WHEN (order_link.origin = 'buyer_message') THEN 3 END IS NOT NULL AND (order_link.run_id NOT IN (SELECT value FROM json_each(:undone)))) AS facts GROUP BY facts.order_id_hash, facts.rank) AS ranked GROUP BY ranked.order_id_hash) AS linked ON linked.order_id_hash = recognition.order_id_hash 
WHERE recognition.account = :account AND recognition.result IN ('opt_out') AND recognition.order_id_hash IN (SELECT value FROM json_each(:hashes)) AND mail.account = :account AND (mail.run_id NOT IN (SELECT value FROM json_each(:undone))) AND recognition.id = (SELECT recognition_2.id 
FROM recognition AS recognition_2 
WHERE recognition_2.mail_id = mail.id AND (recognition_2.run_id NOT IN (SELECT value FROM json_each(:undone))) ORDER BY recognition_2.run_id DESC, recognition_2.id DESC
 LIMIT 1 OFFSET 0) ORDER BY order_id NULLS FIRST, recognition.noticed_at NULLS FIRST, mail.fingerprint;
