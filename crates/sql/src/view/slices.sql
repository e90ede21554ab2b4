-- The same as `slice`.
SELECT * FROM slice
