CREATE TABLE product (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku    text NOT NULL UNIQUE,
    title  text NOT NULL,
    price  numeric(12, 2) NOT NULL CHECK (price >= 0)
);
ALTER TABLE product OWNER TO shop_owner;
