CREATE TABLE customer_order (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    placed_at  timestamptz NOT NULL DEFAULT now(),
    email      text NOT NULL
);

CREATE TABLE order_line (
    order_id    bigint NOT NULL REFERENCES customer_order,
    product_id  bigint NOT NULL REFERENCES product,
    quantity    integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
);
