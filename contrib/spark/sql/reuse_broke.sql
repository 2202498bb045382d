-- When reuse broke: minutes in which a point reused less than half of its requests, after a minute in which it reused more.
WITH minutes AS (
  SELECT point, date_trunc('minute', t) AS minute, sum(requests) AS requests, sum(reused) AS reused
  FROM timeline GROUP BY point, date_trunc('minute', t)
), shares AS (
  SELECT point, minute, requests, reused * 1.0 / requests AS reuse,
         lag(reused * 1.0 / requests) OVER (PARTITION BY point ORDER BY minute) AS reuse_before
  FROM minutes WHERE requests > 0
)
SELECT point, minute, requests, reuse, reuse_before
FROM shares
WHERE reuse < 0.5 AND reuse_before >= 0.5
ORDER BY minute, point
