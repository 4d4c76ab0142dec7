-- Schlussverkauf: größere Last
ALTER ROLE shop_app
	/* 黒字の金曜日 */ CONNECTION LIMIT -1;

-- connguard: ignore PG001 nightly batch, runs alone
CREATE ROLE batch LOGIN CONNECTION LIMIT -1;

CREATE ROLE oops CONNECTION LIMIT ten;

/* [2J[31m ##[error]forged */ CREATE ROLE "night[5mmare" LOGIN;
