-- The legs that pay most for handshakes which reuse would save, of the last seven days of the table.
SELECT point, client, server,
       sum(requests) AS requests,
       sum(avoidable_handshakes) AS avoidable_handshakes,
       sum(avoidable_handshakes) * 1.0 / sum(requests) AS avoidable_per_request
FROM legs
WHERE date > (SELECT max(date) FROM legs) - INTERVAL 7 DAY
GROUP BY point, client, server
HAVING sum(requests) > 0
ORDER BY avoidable_handshakes DESC, point, client, server
LIMIT 20
