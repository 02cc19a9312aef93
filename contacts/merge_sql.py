"""The statements that a merge of many rows consists of; `contacts.merging` says what they do."""

CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS contacts_given (
    place int, email text, phone text, external_id text, first_name text, last_name text, timezone text, language text,
    zone text, attributes jsonb, tags bigint[], consent_email text, consent_sms text, apart boolean
) ON COMMIT DROP;
TRUNCATE contacts_given;
SET LOCAL jit = off
"""

# Whom each row is about. The limits keep to the indexes: a hash of a million contacts is not worth some thousand rows.
_FOUND = """
found AS MATERIALIZED (
    SELECT n.*, e.id AS by_email, p.id AS by_phone, COALESCE(x.id, e.id, p.id) AS id,
        x.id IS NULL AND (
            n.external_id IS NOT NULL AND COALESCE(e.external_id, p.external_id) IS NOT NULL
            OR n.email IS NOT NULL AND e.id IS NULL AND p.email IS NOT NULL
        ) AS weaker
    FROM contacts_given n
    LEFT JOIN LATERAL (SELECT id FROM contacts_contact c WHERE c.external_id = n.external_id LIMIT 1) x ON true
    LEFT JOIN LATERAL (
        SELECT id, external_id FROM contacts_contact c WHERE lower(c.email) = lower(n.email) LIMIT 1
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT id, external_id, email FROM contacts_contact c WHERE c.phone = n.phone LIMIT 1
    ) p ON true
), placed AS MATERIALIZED (
    SELECT *, COALESCE(
        apart OR weaker OR by_email <> id OR by_phone <> id
        OR id IN (SELECT id FROM found GROUP BY id HAVING count(id) > 1)
        OR id IN (SELECT unnest(ARRAY[by_email, by_phone]) FROM found WHERE by_email <> id OR by_phone <> id), false
    ) AS doubtful
    FROM found
)
"""

# In the order of emails, so that two merges at once do not wait for each other in a ring.
_FRESH = """
fresh AS MATERIALIZED (
    SELECT nextval('contacts_contact_id_seq') AS new_id, n.* FROM (
        SELECT * FROM placed WHERE id IS NULL AND NOT doubtful
        ORDER BY lower(COALESCE(email, '')), COALESCE(phone, ''), COALESCE(external_id, '')
    ) n
), created AS (
    INSERT INTO contacts_contact (id, email, phone, external_id, first_name, last_name, timezone, language, attributes,
        created_at, updated_at)
    SELECT new_id, email, phone, external_id, COALESCE(first_name, ''), COALESCE(last_name, ''),
        COALESCE(NULLIF(timezone, ''), zone, ''), COALESCE(language, ''), COALESCE(attributes, '{}'), %(now)s, %(now)s
    FROM fresh
)
"""

_SAYS = """
COALESCE((
    SELECT n.consent_{0} <> had.state AND (%(resubscribe)s OR had.state NOT IN ('unsubscribed', 'pending'))
        AND (%(widen)s OR n.consent_{0} <> 'subscribed') FROM (
        SELECT COALESCE((SELECT state FROM contacts_consent WHERE contact_id = n.id AND channel = '{0}'), 'unknown')
    ) AS had (state) WHERE n.consent_{0} IS NOT NULL
), false) AS says_{0}
"""
_TEXTS = ("email", "phone", "external_id", "first_name", "last_name", "timezone", "language")
_DIFFERS = {name: f"n.{name} <> COALESCE(c.{name}, '')" for name in _TEXTS}

# Only those whom their row changes are locked, and what changes is read from their newest state.
_TOUCHED = f"""
touched AS MATERIALIZED (
    SELECT n.*, c.names, c.had, c.had || COALESCE(n.attributes, '{{}}') AS merged, c.zone_now FROM (
        SELECT n.*, {_SAYS.format("email")}, {_SAYS.format("sms")} FROM placed n
        WHERE id IS NOT NULL AND NOT doubtful ORDER BY id
    ) n CROSS JOIN LATERAL (
        SELECT c.attributes AS had, ARRAY[
                {", ".join(f"CASE WHEN {differs} THEN '{name}' END" for name, differs in _DIFFERS.items())},
                CASE WHEN n.says_email THEN 'consent.email' END, CASE WHEN n.says_sms THEN 'consent.sms' END
            ] AS names,
            CASE WHEN {_DIFFERS["phone"]} THEN COALESCE(NULLIF(COALESCE(n.timezone, c.timezone), ''), n.zone, '')
                ELSE COALESCE(n.timezone, c.timezone) END AS zone_now
        FROM contacts_contact c
        WHERE c.id = n.id AND (
            {" OR ".join(_DIFFERS.values())}
            OR c.attributes || n.attributes <> c.attributes OR n.says_email OR n.says_sms
            OR EXISTS (SELECT FROM unnest(n.tags) AS t (id) WHERE NOT EXISTS (
                SELECT FROM contacts_contacttag m WHERE m.tag_id = t.id AND m.contact_id = n.id
            ))
        )
        OFFSET 0 FOR NO KEY UPDATE OF c
    ) c
), changed AS MATERIALIZED (
    SELECT *, ARRAY(
        SELECT name FROM unnest(names) AS name WHERE name IS NOT NULL
        UNION ALL SELECT 'attributes.' || key FROM jsonb_object_keys(merged) AS key
            WHERE merged -> key IS DISTINCT FROM had -> key
        ORDER BY 1
    ) AS changes FROM touched
), updated AS (
    UPDATE contacts_contact c SET {", ".join(f"{name} = COALESCE(t.{name}, c.{name})" for name in _TEXTS[:5])},
        timezone = t.zone_now, language = COALESCE(t.language, c.language), attributes = t.merged, updated_at = %(now)s
    FROM changed t WHERE c.id = t.id AND t.changes <> '{{}}'
)
"""  # noqa: S608

# Nobody else can say anything about a fresh contact yet, so nothing can be in the way; that is for the others.
_AROUND = """
labels AS MATERIALIZED (
    SELECT id, jsonb_build_object('tag', name) || %(source)s::jsonb AS properties
    FROM contacts_tag WHERE id = ANY(%(tags)s::bigint[]) ORDER BY id FOR KEY SHARE
), said_first AS (
    INSERT INTO contacts_consent (contact_id, channel, state, at, source, by, proof)
    SELECT new_id, channel, state, %(now)s, %(origin)s, %(by)s, %(proof)s::jsonb FROM fresh,
        LATERAL (VALUES ('email', consent_email), ('sms', consent_sms)) AS said (channel, state)
    WHERE state <> 'unknown' AND (%(widen)s OR state <> 'subscribed')
), said AS (
    INSERT INTO contacts_consent AS had (contact_id, channel, state, at, source, by, proof)
    SELECT id, channel, state, %(now)s, %(origin)s, %(by)s, %(proof)s::jsonb FROM touched,
        LATERAL (VALUES ('email', consent_email, says_email), ('sms', consent_sms, says_sms))
            AS said (channel, state, says) WHERE says
    ON CONFLICT (contact_id, channel) DO UPDATE
    SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source, by = EXCLUDED.by, proof = EXCLUDED.proof
    WHERE had.state <> EXCLUDED.state AND (%(resubscribe)s OR had.state NOT IN ('unsubscribed', 'pending'))
        AND (%(widen)s OR EXCLUDED.state <> 'subscribed')
), marked_first AS (
    INSERT INTO contacts_contacttag (contact_id, tag_id, at)
    SELECT new_id, labels.id, %(now)s FROM fresh, unnest(tags) AS tag_id JOIN labels ON labels.id = tag_id
), marked AS (
    INSERT INTO contacts_contacttag (contact_id, tag_id, at)
    SELECT touched.id, labels.id, %(now)s FROM touched, unnest(tags) AS tag_id JOIN labels ON labels.id = tag_id
    ON CONFLICT (tag_id, contact_id) DO NOTHING RETURNING contact_id, tag_id
), told AS (
    INSERT INTO contacts_event (contact_id, name, properties, at)
    SELECT new_id, 'contact.created', %(source)s::jsonb, %(now)s FROM fresh
    UNION ALL SELECT id, 'contact.updated', jsonb_build_object('changed', changes) || %(source)s::jsonb, %(now)s
        FROM changed WHERE changes <> '{}'
    UNION ALL SELECT contact_id, 'tag.added', properties, %(now)s FROM (
        SELECT new_id AS contact_id, unnest(tags) AS tag_id FROM fresh UNION ALL SELECT contact_id, tag_id FROM marked
    ) AS new JOIN labels ON labels.id = tag_id
)
"""

# Numbers of rows, then texts of numbers, which are the quickest to read: doubtful places, places with their ids, and
# places that change nothing.
MERGE = f"""
WITH {_FOUND}, {_FRESH}, {_TOUCHED}, {_AROUND}
SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM touched),
    (SELECT string_agg(place::text, ' ') FROM placed WHERE doubtful),
    (SELECT string_agg(place || ' ' || id, ' ') FROM (
        SELECT place, new_id AS id FROM fresh
        UNION ALL SELECT place, id FROM placed WHERE id IS NOT NULL AND NOT doubtful
    ) AS n),
    (SELECT string_agg(place::text, ' ') FROM placed
        WHERE id IS NOT NULL AND NOT doubtful AND place NOT IN (SELECT place FROM touched))
"""  # noqa: S608
