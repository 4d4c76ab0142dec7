ALTER ROLE batch CONNECTION LIMIT ${batch_limit};
