DELETE FROM allowed_networks WHERE name = 'everyone';
