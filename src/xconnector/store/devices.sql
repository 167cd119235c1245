-- name: register
-- Keep a device under its address, or say that it is still there; one that another customer had moves.
WITH before AS (
    SELECT device_id, customer_key, gone_at FROM device
    WHERE connection = %(connection)s AND address_sha256 = %(address_sha256)s
), kept AS (
    INSERT INTO device (device_id, connection, address_sha256, address, customer_key, app, registered_at, seen_at)
    VALUES (%(device_id)s, %(connection)s, %(address_sha256)s, %(address)s, %(customer_key)s, %(app)s, %(now)s, %(now)s)
    ON CONFLICT (connection, address_sha256) DO UPDATE
    SET address = excluded.address, customer_key = excluded.customer_key, app = excluded.app,
        registered_at = CASE WHEN device.customer_key = excluded.customer_key AND device.gone_at IS NULL
                             THEN device.registered_at ELSE excluded.registered_at END,
        seen_at = greatest(device.seen_at, excluded.seen_at), gone_at = NULL, gone_reason = NULL
    RETURNING device_id, customer_key
), traced AS (
    INSERT INTO device_event (device_id, customer_key, event, actor, at)
    SELECT kept.device_id, kept.customer_key,
           CASE WHEN before.customer_key <> kept.customer_key THEN 'moved' ELSE 'registered' END, %(actor)s, %(now)s
    FROM kept LEFT JOIN before USING (device_id)
    WHERE before.device_id IS NULL OR before.gone_at IS NOT NULL OR before.customer_key <> kept.customer_key
)
SELECT device_id FROM kept;

-- name: of_customers
-- The devices that reach these customers over a connection, all members' together, those seen last first.
SELECT member.asked_key, device.device_id, device.address, device.app
FROM members_of(%(customer_keys)s) AS member
JOIN device ON device.customer_key = member.member_key AND device.connection = %(over)s AND device.gone_at IS NULL
ORDER BY device.seen_at DESC, device.device_id;

-- name: who_has_any
-- Which customers have a device that one of these connections reaches, all members' together.
SELECT DISTINCT member.asked_key
FROM members_of(%(customer_keys)s) AS member
JOIN device ON device.customer_key = member.member_key AND device.connection = ANY(%(over)s) AND device.gone_at IS NULL;

-- name: make_room
-- Forget those devices of a customer that were not seen for the longest, beyond a number.
WITH dropped AS (
    UPDATE device SET address = '', gone_at = %(now)s, gone_reason = 'too many'
    WHERE device_id IN (
        SELECT device_id FROM device
        WHERE customer_key = %(customer_key)s AND connection = %(connection)s AND gone_at IS NULL
        ORDER BY device_id = %(stays)s DESC, seen_at DESC, device_id
        OFFSET %(most)s
    )
    RETURNING device_id, customer_key, gone_reason
)
INSERT INTO device_event (device_id, customer_key, event, reason, actor, at)
SELECT device_id, customer_key, 'gone', gone_reason, %(actor)s, %(now)s FROM dropped
ORDER BY device_id;

-- name: every_device
-- What is known of the devices of one key, the gone ones too; never their addresses.
SELECT device_id, connection, app, registered_at, seen_at, gone_at, gone_reason
FROM device WHERE customer_key = %(customer_key)s
ORDER BY seen_at DESC, device_id;

-- name: drop
-- Forget addresses that lead nowhere any more; one that was registered again since is another.
WITH told AS (
    SELECT * FROM unnest(%(device_ids)s::uuid[], %(reasons)s::text[], %(since)s::timestamptz[])
        AS given (device_id, reason, since)
), dropped AS (
    UPDATE device SET address = '', gone_at = %(now)s, gone_reason = told.reason
    FROM told
    WHERE device.device_id = told.device_id AND device.gone_at IS NULL AND device.seen_at <= told.since
    RETURNING device.device_id, device.customer_key, device.gone_reason
)
INSERT INTO device_event (device_id, customer_key, event, reason, actor, at)
SELECT device_id, customer_key, 'gone', gone_reason, %(actor)s, %(now)s FROM dropped
ORDER BY device_id;

-- name: take_out
-- Forget a device because its customer or app says so.
WITH dropped AS (
    UPDATE device SET address = '', gone_at = %(now)s, gone_reason = 'taken out'
    WHERE device_id = %(device_id)s AND customer_key = %(customer_key)s AND gone_at IS NULL
    RETURNING device_id, customer_key
), traced AS (
    INSERT INTO device_event (device_id, customer_key, event, reason, actor, at)
    SELECT device_id, customer_key, 'gone', 'taken out', %(actor)s, %(now)s FROM dropped
)
SELECT device_id FROM dropped;
