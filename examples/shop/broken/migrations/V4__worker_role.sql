-- Created without a limit; V6 sets it. The end state is what counts.
CREATE ROLE shop_worker LOGIN IN ROLE shop_owner;
