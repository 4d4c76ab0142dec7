ALTER ROLE shop_app SET idle_in_transaction_session_timeout = '5min';
