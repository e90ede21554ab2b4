-- The last 100 statements of the session, the oldest first, with the one that asks. Times are nanoseconds since the session began.
--
-- query: The statement.
-- started: When it was begun.
-- first_next: When its first rows were there; null for a statement that gives no rows, and before.
-- ended: When it had given all its rows; null while it runs.
SELECT query, started, first_next, ended FROM __sqlstats
