ALTER TABLE product ADD COLUMN in_stock integer NOT NULL DEFAULT 0;
CREATE INDEX product_in_stock ON product (in_stock) WHERE in_stock > 0;
