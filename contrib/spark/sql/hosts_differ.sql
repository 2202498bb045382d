-- Which hosts differ: each point's share of avoidable handshakes beside the median of all points.
WITH points AS (
  SELECT point, sum(requests) AS requests, sum(avoidable_handshakes) * 1.0 / sum(requests) AS avoidable
  FROM legs GROUP BY point HAVING sum(requests) > 0
), middle AS (
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY avoidable) AS median FROM points
)
SELECT point, requests, avoidable, median, avoidable - median AS above
FROM points CROSS JOIN middle
ORDER BY abs(avoidable - median) DESC, point
